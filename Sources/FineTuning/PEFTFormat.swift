// Adapters as Hugging Face PEFT 0.21 stores them (peft/utils/save_and_load.py, peft/tuners/lora/config.py).

import SafeIO
import TensorCore
import WeightFiles

/// PEFT's names and configuration keys.
enum PEFTFormat {
  private static let prefix = "base_model.model."
  private static let innerSuffixes = [".lora_A.weight", ".lora_A.default.weight"]
  private static let outerSuffixes = [".lora_B.weight", ".lora_B.default.weight"]

  /// Ways of starting an adapter that also change the base weights, so that the adapter alone is not the model.
  private static let basesChanged = ["pissa", "olora", "corda", "loftq", "lora_ga"]

  static func read(_ weights: SafetensorsFile, _ fields: Fields) throws(Failure) -> Adapter {
    try refuseUnknownFeatures(fields)
    let settings = LoRASettings(
      rank: try fields.int("r"), alpha: try fields.double("lora_alpha"),
      useRSLoRA: try fields.bool("use_rslora", default: false),
      dropout: try fields.double("lora_dropout", default: 0))
    guard settings.rank >= 1 else {
      throw fields.complaint("r", "must be at least 1, found \(settings.rank)")
    }
    let ranks = try pattern(fields, "rank_pattern")
    let alphas = try pattern(fields, "alpha_pattern")
    var inner: [String: Tensor] = [:]
    var outer: [String: Tensor] = [:]
    for entry in weights.entries {
      if let path = path(entry.name, innerSuffixes) {
        inner[path] = try weights.factor(entry.name, path: weights.path)
      } else if let path = path(entry.name, outerSuffixes) {
        outer[path] = try weights.factor(entry.name, path: weights.path)
      } else {
        throw .badData(
          "\(weights.path): tensor '\(entry.name)'",
          "expected only \(prefix)….lora_A.weight and lora_B.weight")
      }
    }
    var pairs: [(path: String, pair: LowRankPair)] = []
    for (path, a) in inner {
      guard let b = outer.removeValue(forKey: path) else {
        throw .badData(weights.path, "'\(path)' has a lora_A and no lora_B")
      }
      guard a.shape[0] == b.shape[1], Double(a.shape[0]) == ranks.value(path) ?? Double(settings.rank) else {
        throw .badData(
          "\(weights.path): '\(path)'",
          "lora_A \(a.shape) and lora_B \(b.shape) don't have the rank that \(fields.source) says")
      }
      let scale = settings.scale(rank: a.shape[0], alpha: alphas.value(path) ?? settings.alpha)
      pairs.append((path, LowRankPair(a: a, b: b, scale: scale)))
    }
    if let path = outer.keys.min() { throw .badData(weights.path, "'\(path)' has a lora_B and no lora_A") }
    return Adapter(settings: settings, pairs: pairs)
  }

  static func files(
    _ adapter: Adapter, base: AdapterFiles.Base
  ) -> (tensors: [(name: String, tensor: Tensor)], metadata: WeightMetadata?, JSON) {
    var ranks = JSONObject()
    var alphas = JSONObject()
    for (path, pair) in adapter.pairs {
      if pair.rank != adapter.settings.rank { ranks[path] = .integer(pair.rank) }
      if pair.scale != adapter.settings.scale(rank: pair.rank, alpha: adapter.settings.alpha) {
        alphas[path] = adapter.settings.alpha(rank: pair.rank, scale: pair.scale).json
      }
    }
    let tensors = adapter.pairs.flatMap { path, pair in
      [
        (name: prefix + path + innerSuffixes[0], tensor: pair.a.detached()),
        (name: prefix + path + outerSuffixes[0], tensor: pair.b.detached()),
      ]
    }
    let configuration: JSON = [
      "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": .string(base.name),
      "inference_mode": true, "r": .integer(adapter.settings.rank),
      "lora_alpha": adapter.settings.alpha.json, "lora_dropout": .double(adapter.settings.dropout),
      "use_rslora": .bool(adapter.settings.useRSLoRA), "use_dora": false, "bias": "none",
      "fan_in_fan_out": false, "init_lora_weights": true, "modules_to_save": nil,
      "rank_pattern": .object(ranks), "alpha_pattern": .object(alphas),
      "target_modules": .array(targets(adapter, base).map(JSON.string)),
    ]
    return (tensors, ["format": "pt"], configuration)
  }

  /// The names by which PEFT finds the linears again: the last components when those name exactly the adapted
  /// ones, else the whole paths.
  private static func targets(_ adapter: Adapter, _ base: AdapterFiles.Base) -> [String] {
    func last(_ path: String) -> String { path.split(separator: ".").last.map(String.init) ?? path }
    let names = Set(adapter.paths.map(last))
    let named = base.linears.filter { names.contains(last($0)) }
    return Set(named) == Set(adapter.paths) ? names.sorted() : adapter.paths
  }

  /// Says no to what would be lost: every feature that makes the result more than `W + scale · B · A`.
  private static func refuseUnknownFeatures(_ fields: Fields) throws(Failure) {
    let kind = try fields.string("peft_type", default: "LORA")
    guard kind == "LORA" else {
      throw fields.complaint("peft_type", "only LORA adapters are read, not \(kind)")
    }
    for key in ["use_dora", "use_qalora", "use_bdlora", "fan_in_fan_out", "lora_bias"]
    where fields.object[key]?.boolValue == true {
      throw fields.complaint(key, "is not supported; only plain and rank-stabilized LoRA can be read")
    }
    let bias = try fields.string("bias", default: "none")
    guard bias == "none" else {
      throw fields.complaint("bias", "trained biases ('\(bias)') are not supported")
    }
    for key in ["modules_to_save", "layer_replication", "trainable_token_indices", "target_parameters"]
    where fields.has(key) && fields.object[key]?.arrayValue?.isEmpty != true {
      throw fields.complaint(key, "is not supported; the adapter would be read without it")
    }
    if let start = fields.object["init_lora_weights"]?.stringValue?.lowercased(),
      basesChanged.contains(where: { start.hasPrefix($0) })
    {
      throw fields.complaint(
        "init_lora_weights",
        "'\(start)' changes the base weights too; convert the adapter to plain LoRA first")
    }
  }

  /// The linear's path in a tensor's name that ends in one of the suffixes.
  private static func path(_ name: String, _ suffixes: [String]) -> String? {
    guard name.hasPrefix(prefix), let suffix = suffixes.first(where: { name.hasSuffix($0) }) else {
      return nil
    }
    return String(name.dropFirst(prefix.count).dropLast(suffix.count))
  }

  /// A `rank_pattern` or `alpha_pattern`: numbers for linears by the end of their path.
  private static func pattern(_ fields: Fields, _ key: String) throws(Failure) -> Pattern {
    guard let members = try fields.optionalFields(key) else { return Pattern(values: []) }
    var values: [(String, Double)] = []
    for (name, _) in members.object {
      guard !name.contains(where: { "\\^$*+?()[]{}|".contains($0) }) else {
        throw members.complaint(name, "regular expressions are not read here, only ends of module paths")
      }
      values.append((name, try members.double(name)))
    }
    return Pattern(values: values)
  }

  private struct Pattern {
    let values: [(name: String, value: Double)]

    /// The value of the first name that is the path or its end, at a dot.
    func value(_ path: String) -> Double? {
      values.first { path == $0.name || path.hasSuffix(".\($0.name)") }?.value
    }
  }
}

extension Double {
  /// As an integer when it is one, so that `lora_alpha` reads 16 and not 16.0.
  fileprivate var json: JSON { Int(exactly: self).map { .integer($0) } ?? .double(self) }
}
