// Reads `config.json` for a family, and remembers which keys were read: those are the ones the family understands.
// Configurations carry dozens of keys that have nothing to do with the computation, so unknown keys are not errors as
// such; a key whose name speaks of the computation, with a value that switches something on, is.

import SafeIO
import TensorCore

/// The keys of one `config.json`.
final class ModelConfig {
  private let fields: Fields
  private var understood: Set<String> = []

  init(_ config: JSON, source: String) throws(Failure) {
    fields = try Fields(config, source: source)
  }

  // MARK: Values

  func string(_ key: String) throws(Failure) -> String { try reading(key).string(key) }

  func bool(_ key: String, default value: Bool) throws(Failure) -> Bool {
    try reading(key).bool(key, default: value)
  }

  func int(_ key: String, default value: Int) throws(Failure) -> Int {
    try reading(key).int(key, default: value)
  }

  func optionalInt(_ key: String) throws(Failure) -> Int? { try reading(key).optionalInt(key) }

  /// A nested object; nil when absent or null.
  func object(_ key: String) throws(Failure) -> Fields? { try reading(key).optionalFields(key) }

  func strings(_ key: String) throws(Failure) -> [String]? { try reading(key).optionalStrings(key) }

  /// A count of at least 1 and at most `limit`.
  func count(_ key: String, atMost limit: Int = 1 << 24) throws(Failure) -> Int {
    guard let value = try optionalCount(key, atMost: limit) else { throw complaint(key, "is missing") }
    return value
  }

  /// A count; nil when absent or null.
  func optionalCount(_ key: String, atMost limit: Int = 1 << 24) throws(Failure) -> Int? {
    guard let value = try reading(key).optionalInt(key) else { return nil }
    guard 1...limit ~= value else { throw complaint(key, "is \(value), expected 1 to \(limit)") }
    return value
  }

  /// Whether the key is in the file, be it null.
  func has(_ key: String) -> Bool { fields.object[key] != nil }

  func optionalString(_ key: String) throws(Failure) -> String? { try reading(key).optionalString(key) }

  /// A count that has a default.
  func count(_ key: String, default value: Int) throws(Failure) -> Int { try optionalCount(key) ?? value }

  /// How many experts a layer has (`num_local_experts`, in older files of some families `num_experts`) and how many a row
  /// goes through.
  func experts() throws(Failure) -> (count: Int, chosen: Int) {
    let older = try optionalCount("num_experts", atMost: 1 << 12)
    guard let count = try optionalCount("num_local_experts", atMost: 1 << 12) ?? older else {
      throw complaint("num_local_experts", "is missing")
    }
    return (count, try self.count("num_experts_per_tok", atMost: count))
  }

  /// A list of numbers; nil when absent or null.
  func integers(_ key: String) throws(Failure) -> [Int]? {
    guard let value = value(key) else { return nil }
    let numbers = value.arrayValue?.compactMap(\.intValue)
    guard let numbers, numbers.count == value.arrayValue?.count else {
      throw complaint(key, "must be a list of numbers")
    }
    return numbers
  }

  /// A value of any kind; nil when absent or null.
  func value(_ key: String) -> JSON? {
    guard let value = reading(key).object[key], !value.isNull else { return nil }
    return value
  }

  /// A list of `count` switches, 0 and 1 or booleans; nil when absent or null.
  func flags(_ key: String, count: Int) throws(Failure) -> [Bool]? {
    guard let value = value(key) else { return nil }
    let flags = value.arrayValue?.compactMap { $0.boolValue ?? $0.intValue.map { $0 != 0 } }
    guard let flags, flags.count == count, value.arrayValue?.count == count else {
      throw complaint(key, "must be a list of \(count) switches")
    }
    return flags
  }

  /// A cap of scores or logits: a number above 0, or null for none.
  ///
  /// - Parameter value: the family's default when the file lacks the key.
  func softcap(_ key: String, default value: Double?) throws(Failure) -> Float? {
    guard has(key) else {
      understood.insert(key)
      return value.map { Float($0) }
    }
    return try fields.object[key]?.isNull == true ? nil : positive(key, default: 0)
  }

  /// A number above 0.
  func positive(_ key: String, default value: Double) throws(Failure) -> Float {
    let number = Float(try reading(key).double(key, default: value))
    guard number > 0, number.isFinite else { throw complaint(key, "is \(number), expected a number above 0") }
    return number
  }

  /// The nonlinearity under its name in transformers (`ACT2FN` in activations.py).
  ///
  /// - Parameter value: what a family assumes where the key is absent or null.
  func activation(_ key: String, default value: String? = nil) throws(Failure) -> Activation {
    let names: [(String, Activation)] = [
      ("silu", .silu), ("swish", .silu), ("gelu", .geluErf), ("gelu_new", .geluTanh),
      ("gelu_pytorch_tanh", .geluTanh), ("gelu_fast", .geluTanh), ("relu", .relu), ("relu2", .reluSquared),
    ]
    let stated = value == nil ? try string(key) : try optionalString(key)
    let name = stated ?? value ?? ""
    guard let known = names.first(where: { $0.0 == name }) else {
      let list = names.map(\.0).joined(separator: ", ")
      throw complaint(key, "'\(name)' is not a known activation; known: \(list)")
    }
    return known.1
  }

  /// An error about the value of `key`.
  func complaint(_ key: String, _ problem: String) -> Failure { fields.complaint(key, problem) }

  /// Marks a key as harmless for this family.
  func ignore(_ keys: String...) { ignore(keys) }

  func ignore(_ keys: [String]) { understood.formUnion(keys) }

  private func reading(_ key: String) -> Fields {
    understood.insert(key)
    return fields
  }

  // MARK: Keys that were not read

  /// Parts of names that speak of the computation.
  private static let telling = [
    "act", "alibi", "attention", "attn", "bias", "clip", "conv", "embed", "expert", "factor", "head", "layer",
    "lora", "mamba", "mlp", "moe", "multiplier", "norm", "parallel", "position", "qk", "query", "residual",
    "rope",
    "rotary", "router", "scal", "softcap", "ssm", "theta", "window",
  ]

  /// Parts of names that are about training, the choice of an implementation or bookkeeping.
  private static let harmless = [
    "dropout", "pdrop", "layerdrop", "loss", "flash", "implementation", "output_attentions",
    "output_router_logits",
    "quantization", "classifier", "pretraining_tp",
  ]

  /// Throws when a key that the family did not read would change the computation.
  func rejectWhatWouldChangeTheComputation(family: String) throws(Failure) {
    for (key, value) in fields.object where !understood.contains(key) && !Self.isNeutral(value) {
      let isHarmless = key.hasPrefix("_") || Self.harmless.contains(where: key.contains)
      guard !isHarmless, Self.telling.contains(where: key.contains) else { continue }
      throw complaint(
        key,
        "is \(value.text(.python).prefix(60)), but '\(family)' has no such thing; the result would be wrong")
    }
  }

  /// Whether a value switches nothing on: null, false, 0, the factor 1, an empty list, attention in full.
  private static func isNeutral(_ value: JSON) -> Bool {
    switch value {
    case .null: true
    case .bool(let flag): !flag
    case .integer, .double: value.doubleValue == 0 || value.doubleValue == 1
    case .bigInteger: false
    case .string(let text): text.isEmpty
    case .array(let elements): elements.allSatisfy { isNeutral($0) || $0 == "full_attention" }
    case .object(let object): object.isEmpty
    }
  }
}
