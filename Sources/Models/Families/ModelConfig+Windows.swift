// Which layers see only a window: `layer_types` in transformers 5; before that, a pattern of the family, such as Qwen's
// `max_window_layers`.

import SafeIO

extension ModelConfig {
  /// The window of every layer, null for none.
  ///
  /// - Parameter value: the family's default when the file lacks the key.
  func window(default value: Int?) throws(Failure) -> Int? {
    has("sliding_window") ? try optionalCount("sliding_window", atMost: 1 << 30) : value
  }

  /// The window of each layer, by `layer_types` or, in files that lack it, by the family's pattern.
  ///
  /// - Parameters:
  ///   - size: the family's default when the file lacks `sliding_window`.
  ///   - isWindowed: whether a layer sees a window, where the file does not say.
  func windows(layers: Int, size: Int?, isWindowed: (Int) -> Bool) throws(Failure) -> [Int?] {
    let window = try window(default: size)
    let types = try layerTypes(layers: layers)
    return try (0..<layers).map { layer throws(Failure) in
      guard types.map({ $0[layer] == .sliding }) ?? isWindowed(layer) else { return nil }
      guard let window else {
        throw complaint("sliding_window", "is not set, but layer \(layer) needs it")
      }
      return window
    }
  }

  /// Which layers see a window: every layer but each nth, or letters over and over, L for a window and G for none;
  /// nil when absent or null.
  func optionalPattern(_ key: String) throws(Failure) -> ((Int) -> Bool)? {
    guard let value = value(key) else { return nil }
    if let interval = value.intValue, interval > 0 { return { ($0 + 1) % interval != 0 } }
    let letters = Array(value.stringValue ?? "")
    guard !letters.isEmpty, letters.allSatisfy({ $0 == "L" || $0 == "G" }) else {
      throw complaint(key, "must be a number above 0 or letters such as LLLG")
    }
    return { letters[$0 % letters.count] == "L" }
  }

  /// Kinds of layers.
  private enum LayerType: String {
    case full = "full_attention"
    case sliding = "sliding_attention"
  }

  /// What `layer_types` says; nil where it is missing.
  private func layerTypes(layers: Int) throws(Failure) -> [LayerType]? {
    guard let names = try strings("layer_types") else { return nil }
    guard names.count == layers else {
      throw complaint("layer_types", "has \(names.count) entries for \(layers) layers")
    }
    return try names.map { name throws(Failure) in
      guard let type = LayerType(rawValue: name) else {
        throw complaint("layer_types", "has '\(name)'; known: full_attention, sliding_attention")
      }
      return type
    }
  }

  /// The window of each layer in Qwen 2 and 3; nil where all earlier positions are seen.
  ///
  /// Both `layer_types` and `max_window_layers` only count when `use_sliding_window` is on.
  func layerWindows(layers: Int) throws(Failure) -> [Int?] {
    ignore("sliding_window", "max_window_layers")
    let isUsed = try bool("use_sliding_window", default: false)
    let window = isUsed ? try optionalCount("sliding_window", atMost: 1 << 30) : nil
    guard let types = try layerTypes(layers: layers) else {
      let firstWindowed = isUsed ? try int("max_window_layers", default: 28) : layers
      return (0..<layers).map { $0 >= firstWindowed ? window : nil }
    }
    guard window != nil || !types.contains(.sliding) else {
      throw complaint("layer_types", "has sliding_attention, but sliding_window is not set or not used")
    }
    return types.map { $0 == .sliding ? window : nil }
  }
}
