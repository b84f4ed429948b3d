// The flags that say how to quantize, shared by quantize and convert.

import ArgumentParser
import Quantization
import SafeIO

extension MixedRecipe: ExpressibleByArgument {}

/// A value of `--mode`.
enum QuantizationMode: String, ExpressibleByArgument, CaseIterable {
  case affine
}

/// How to quantize.
struct QuantizationFlags: ParsableArguments {
  @Option(help: "Bits of a weight: 2, 3, 4, 5, 6 or 8. Default: 4.")
  var bits: Int?

  @Option(help: "Columns that share a scale: 32, 64 or 128. Default: 64.")
  var groupSize: Int?

  @Option(help: "How values are coded. Default: affine.")
  var mode: QuantizationMode?

  @Option(
    name: [.customLong("quant-predicate"), .customLong("recipe")],
    help: "A recipe of mixed precision, with more bits where errors hurt most.")
  var quantPredicate: MixedRecipe?

  /// Whether any of the flags stands on the command line.
  var isAnyGiven: Bool { bits != nil || groupSize != nil || mode != nil || quantPredicate != nil }

  var plan: QuantizationPlan {
    get throws { try QuantizationPlan(bits: bits ?? 4, groupSize: groupSize ?? 64, recipe: quantPredicate) }
  }

  /// The settings as a manifest records them.
  var arguments: JSONObject {
    [
      "bits": .integer(bits ?? 4), "group_size": .integer(groupSize ?? 64),
      "mode": .string((mode ?? .affine).rawValue),
      "quant_predicate": quantPredicate.map { .string($0.rawValue) } ?? .null,
    ]
  }
}
