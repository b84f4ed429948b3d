// Which layers see only a window, as Qwen 2 and 3 configure it (`layer_types` in transformers 5; before that,
// `max_window_layers`; both only count when `use_sliding_window` is on).

import SafeIO

extension ModelConfig {
  /// The window of every layer, null for none.
  ///
  /// - Parameter value: the family's default when the file lacks the key.
  func window(default value: Int) throws(Failure) -> Int? {
    has("sliding_window") ? try optionalCount("sliding_window", atMost: 1 << 30) : value
  }

  /// The window of each layer; nil where all earlier positions are seen.
  func layerWindows(layers: Int) throws(Failure) -> [Int?] {
    ignore("sliding_window", "max_window_layers")
    let isUsed = try bool("use_sliding_window", default: false)
    let window = isUsed ? try optionalCount("sliding_window", atMost: 1 << 30) : nil
    guard let types = try strings("layer_types") else {
      let firstWindowed = isUsed ? try int("max_window_layers", default: 28) : layers
      return (0..<layers).map { $0 >= firstWindowed ? window : nil }
    }
    guard types.count == layers else {
      throw complaint("layer_types", "has \(types.count) entries for \(layers) layers")
    }
    var windows: [Int?] = []
    for type in types {
      switch type {
      case "full_attention": windows.append(nil)
      case "sliding_attention" where window != nil: windows.append(window)
      case "sliding_attention":
        throw complaint("layer_types", "has sliding_attention, but sliding_window is not set or not used")
      default:
        throw complaint("layer_types", "has '\(type)'; known: full_attention, sliding_attention")
      }
    }
    return windows
  }
}
