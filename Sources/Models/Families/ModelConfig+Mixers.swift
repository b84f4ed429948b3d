// Which layers attend and which have another mixer.

import SafeIO

extension ModelConfig {
  /// Whether each layer attends: `layer_types` says `full_attention` or another name; files without it follow a pattern.
  ///
  /// - Parameters:
  ///   - keys: what the list may be called; the first that is there counts.
  ///   - others: what layers are called that do not attend.
  ///   - attends: whether a layer attends where the file does not say.
  func attendingLayers(
    _ keys: String..., layers: Int, others: [String], where attends: (Int) -> Bool
  ) throws(Failure) -> [Bool] {
    ignore(keys)
    guard let key = keys.first(where: { value($0) != nil }), let types = try strings(key) else {
      return (0..<layers).map(attends)
    }
    guard types.count == layers else {
      throw complaint(key, "has \(types.count) entries for \(layers) layers")
    }
    // The second is how transformers 4 spells it.
    let attending = ["full_attention", "attention"]
    for type in types where !attending.contains(type) && !others.contains(type) {
      throw complaint(
        key, "has '\(type)'; known: \((["full_attention"] + others).joined(separator: ", "))")
    }
    return types.map(attending.contains)
  }

  /// How many rows a convolution reaches, its own included.
  func taps(_ key: String, default value: Int) throws(Failure) -> Int {
    try optionalCount(key, atMost: 1 << 10) ?? value
  }
}
