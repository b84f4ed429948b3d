// Adapters as mlx-lm 0.32 stores them (mlx_lm/tuner/utils.py, mlx_lm/tuner/lora.py): both factors transposed against
// PEFT's, and the scale multiplied as it is.

import SafeIO
import TensorCore
import WeightFiles

/// mlx-lm's names and configuration keys.
enum MLXFormat {
  private static let innerSuffix = ".lora_a"
  private static let outerSuffix = ".lora_b"

  static func read(_ weights: SafetensorsFile, _ fields: Fields) throws(Failure) -> Adapter {
    let kind = try fields.string("fine_tune_type", default: "lora")
    guard kind == "lora" else {
      throw fields.complaint("fine_tune_type", "only lora adapters can be read, not \(kind)")
    }
    let parameters = try fields.fields("lora_parameters")
    let rank = try parameters.int("rank")
    guard rank >= 1 else { throw parameters.complaint("rank", "must be at least 1, found \(rank)") }
    let settings = LoRASettings(
      rank: rank, alpha: try parameters.double("scale") * Double(rank), useRSLoRA: false,
      dropout: try parameters.double("dropout", default: 0))
    var pairs: [(path: String, pair: LowRankPair)] = []
    for entry in weights.entries {
      guard entry.name.hasSuffix(innerSuffix) || entry.name.hasSuffix(outerSuffix) else {
        throw .badData(
          "\(weights.path): tensor '\(entry.name)'", "expected only names that end in lora_a or lora_b")
      }
      let path = String(entry.name.dropLast(innerSuffix.count))
      guard weights.entry(path + innerSuffix) != nil, weights.entry(path + outerSuffix) != nil else {
        throw .badData(weights.path, "'\(path)' has only one of lora_a and lora_b")
      }
      guard entry.name.hasSuffix(innerSuffix) else { continue }
      let a = try weights.factor(path + innerSuffix, path: weights.path).transposed([1, 0])
      let b = try weights.factor(path + outerSuffix, path: weights.path).transposed([1, 0])
      guard a.shape[0] == rank, b.shape[1] == rank else {
        throw .badData(
          "\(weights.path): '\(path)'", "lora_a and lora_b don't have the rank \(rank) of \(fields.source)")
      }
      pairs.append((path, LowRankPair(a: a, b: b, scale: settings.scale)))
    }
    return Adapter(settings: settings, pairs: pairs)
  }

  static func files(
    _ adapter: Adapter, base: AdapterFiles.Base
  ) throws(Failure) -> (tensors: [(name: String, tensor: Tensor)], metadata: WeightMetadata?, JSON) {
    let tensors = adapter.pairs.flatMap { path, pair in
      [
        (name: path + innerSuffix, tensor: pair.a.detached().transposed([1, 0])),
        (name: path + outerSuffix, tensor: pair.b.detached().transposed([1, 0])),
      ]
    }
    let (layers, keys) = try lastLayers(adapter, base)
    let configuration: JSON = [
      "fine_tune_type": "lora", "num_layers": .integer(layers), "model": .string(base.name),
      "lora_parameters": [
        "rank": .integer(adapter.settings.rank), "scale": .double(adapter.settings.scale),
        "dropout": .double(adapter.settings.dropout), "keys": .array(keys.map(JSON.string)),
      ],
    ]
    return (tensors, nil, configuration)
  }

  /// How mlx-lm says which linears are adapted: the same ones in each of the last so many blocks.
  private static func lastLayers(
    _ adapter: Adapter, _ base: AdapterFiles.Base
  ) throws(Failure) -> (layers: Int, keys: [String]) {
    let places = adapter.paths.compactMap(BlockPath.init)
    let first = places.map(\.block).min() ?? 0
    let keys = Set(places.map(\.name))
    guard adapter.isUniform, places.count == adapter.paths.count,
      keys.count * (base.blocks - first) == places.count
    else {
      throw .usage(
        "mlx-lm's adapter format can only say 'these linears in the last so many blocks', which does not fit this "
          + "adapter; use --adapter-format peft")
    }
    return (base.blocks - first, keys.sorted())
  }
}
