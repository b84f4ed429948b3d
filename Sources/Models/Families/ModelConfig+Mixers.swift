// Which layers attend and which have another mixer.

import SafeIO

extension ModelConfig {
  /// Whether each layer attends: `layer_types` says `full_attention` or the other name; files without it follow a pattern.
  ///
  /// - Parameters:
  ///   - other: what layers are called that do not attend.
  ///   - attends: whether a layer attends where the file does not say.
  func attendingLayers(layers: Int, other: String, where attends: (Int) -> Bool) throws(Failure) -> [Bool] {
    guard let types = try strings("layer_types") else { return (0..<layers).map(attends) }
    guard types.count == layers else {
      throw complaint("layer_types", "has \(types.count) entries for \(layers) layers")
    }
    for type in types where type != "full_attention" && type != other {
      throw complaint("layer_types", "has '\(type)'; known: full_attention, \(other)")
    }
    return types.map { $0 == "full_attention" }
  }

  /// How many rows a convolution reaches, its own included.
  func taps(_ key: String, default value: Int) throws(Failure) -> Int {
    try optionalCount(key, atMost: 1 << 10) ?? value
  }
}
