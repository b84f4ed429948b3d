// The flags that say how to quantize, shared by quantize and convert.

import ArgumentParser
import Models
import Quantization
import SafeIO

extension MixedRecipe: ExpressibleByArgument {}

extension QuantizationMode: ExpressibleByArgument {}

/// How to quantize.
struct QuantizationFlags: ParsableArguments {
  @Option(help: "Bits of a weight: 2, 3, 4, 5, 6 or 8. Default: 4, and what another mode has.")
  var bits: Int?

  @Option(help: "Columns that share a scale: 32, 64 or 128. Default: 64, and what another mode has.")
  var groupSize: Int?

  @Option(help: "How values are coded: integers, or small floats. Default: affine.")
  var mode: QuantizationMode?

  @Option(
    name: [.customLong("quant-predicate"), .customLong("recipe")],
    help: "A recipe of mixed precision, with more bits where errors hurt most.")
  var quantPredicate: MixedRecipe?

  /// Whether any of the flags stands on the command line.
  var isAnyGiven: Bool { bits != nil || groupSize != nil || mode != nil || quantPredicate != nil }

  var plan: QuantizationPlan {
    get throws {
      try QuantizationPlan(mode: mode ?? .affine, bits: bits, groupSize: groupSize, recipe: quantPredicate)
    }
  }

  /// The settings as a manifest records them.
  var arguments: JSONObject {
    let mode = mode ?? .affine
    return [
      "bits": .integer(bits ?? mode.defaultSetting.bits),
      "group_size": .integer(groupSize ?? mode.defaultSetting.groupSize), "mode": .string(mode.rawValue),
      "quant_predicate": quantPredicate.map { .string($0.rawValue) } ?? .null,
    ]
  }
}
