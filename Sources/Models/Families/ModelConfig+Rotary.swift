// Reads how positions are rotated, in both generations of config.json: transformers 5 writes `rope_parameters` with
// `rope_theta` inside; before that, `rope_theta` stood beside `rope_scaling`, whose kind was called `rope_type` or,
// earlier, `type`.

import SafeIO

extension ModelConfig {
  /// The rotation of heads of `dimensions` dimensions.
  func rotary(dimensions: Int, context: Int) throws(Failure) -> RotarySpec {
    // Where both stand, the older one counts, as in transformers 5 (`convert_rope_params_to_dict`).
    let newer = try object("rope_parameters")
    let older = try object("rope_scaling")
    let parameters = older ?? newer
    var base = try positive("rope_theta", default: 10_000)
    guard dimensions % 2 == 0 else {
      throw complaint("head_dim", "is \(dimensions), expected an even number")
    }
    guard let parameters else { return RotarySpec(dimensions: dimensions, base: base, scaling: .none) }
    if parameters.has("rope_theta") { base = try parameters.positive("rope_theta") }
    let scaling = try RotaryScaling(parameters, context: context)
    return RotarySpec(dimensions: dimensions, base: base, scaling: scaling)
  }
}

extension RotaryScaling {
  /// Reads the object behind `rope_parameters` or `rope_scaling`; a key it does not know is an error.
  ///
  /// - Parameter context: `max_position_embeddings`, the default of `original_max_position_embeddings`.
  fileprivate init(_ parameters: Fields, context: Int) throws(Failure) {
    let older = try parameters.string("type", default: "default")
    let kind = try parameters.string("rope_type", default: older)
    var known = ["rope_type", "type", "rope_theta"]
    switch kind {
    case "default": self = .none
    case "linear":
      known.append("factor")
      self = .linear(factor: try parameters.positive("factor"))
    case "llama3":
      known += ["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"]
      let original = try parameters.int("original_max_position_embeddings", default: context)
      let scaling = Llama3RotaryScaling(
        factor: try parameters.positive("factor"),
        lowFrequencyFactor: try parameters.positive("low_freq_factor"),
        highFrequencyFactor: try parameters.positive("high_freq_factor"), originalContext: original)
      guard original > 0, scaling.lowFrequencyFactor < scaling.highFrequencyFactor else {
        throw .badData(
          parameters.source,
          "needs low_freq_factor < high_freq_factor and original_max_position_embeddings above 0")
      }
      self = .llama3(scaling)
    default:
      throw parameters.complaint("rope_type", "'\(kind)' is not supported; known: default, linear, llama3")
    }
    let strangers = parameters.object.filter { !known.contains($0.0) && !$0.1.isNull }
    if let (key, _) = strangers.first {
      throw parameters.complaint(key, "is not known for the rope type '\(kind)'")
    }
  }
}

extension Fields {
  /// A finite number above 0.
  fileprivate func positive(_ key: String) throws(Failure) -> Float {
    let value = Float(try double(key))
    guard value > 0, value.isFinite else { throw complaint(key, "is \(value), expected a number above 0") }
    return value
  }
}
