// Reads how positions are rotated, in both generations of config.json: transformers 5 writes `rope_parameters` with
// `rope_theta` inside; before that, `rope_theta` stood beside `rope_scaling`, whose kind was called `rope_type` or,
// earlier, `type`.

import SafeIO

extension ModelConfig {
  /// The rotation of heads of `headSize` dimensions.
  ///
  /// - Parameters:
  ///   - fraction: the share of a head that is rotated, if the file does not say (`partial_rotary_factor`); nil where the
  ///     family always rotates all of it.
  ///   - context: the context that the model was made for.
  ///   - base: θ, if the file does not say.
  ///   - scaling: the parameters of a file without any.
  ///   - ignored: keys of the object that change nothing where positions are those of a text.
  func rotary(
    headSize: Int, fraction: Double?, context: Int, base defaultBase: Double = 10_000,
    scaling defaultScaling: JSONObject? = nil, ignoring ignored: [String] = []
  ) throws(Failure) -> RotarySpec {
    // Where both stand, the older one counts, as in transformers 5 (`convert_rope_params_to_dict`).
    var newer = try object("rope_parameters")
    // Where layers differ, there is an object for each kind of them.
    if let kinds = newer, kinds.has("full_attention") { newer = try kinds.optionalFields("full_attention") }
    let older = try object("rope_scaling")
    let ofFamily = try defaultScaling.map { scaling throws(Failure) in
      try Fields(.object(scaling), source: "the family's rope_parameters")
    }
    let parameters = older ?? newer ?? ofFamily
    var base = try positive("rope_theta", default: defaultBase)
    if let parameters, parameters.has("rope_theta") { base = try parameters.positive("rope_theta") }
    let fraction = try fraction.map { value throws(Failure) in
      let outer = Double(try positive("partial_rotary_factor", default: value))
      return Double(try parameters?.positive("partial_rotary_factor", default: outer) ?? Float(outer))
    }
    return try rotary(
      headSize: headSize, fraction: fraction, context: context, base: base, parameters, ignoring: ignored)
  }

  /// The rotation of layers with a window where those have their own: `rope_parameters.sliding_attention`, before that
  /// `rope_local_base_freq`.
  ///
  /// - Parameter base: θ, if the file does not say.
  func localRotary(headSize: Int, context: Int, base defaultBase: Float) throws(Failure) -> RotarySpec {
    var base = try positive("rope_local_base_freq", default: Double(defaultBase))
    let parameters = try object("rope_parameters")?.optionalFields("sliding_attention")
    if let parameters, parameters.has("rope_theta") { base = try parameters.positive("rope_theta") }
    return try rotary(headSize: headSize, fraction: nil, context: context, base: base, parameters)
  }

  private func rotary(
    headSize: Int, fraction: Double?, context: Int, base: Float, _ parameters: Fields?,
    ignoring ignored: [String] = []
  ) throws(Failure) -> RotarySpec {
    let share = fraction ?? 1
    guard share <= 1 else {
      throw complaint("partial_rotary_factor", "is \(share), expected a number above 0 and at most 1")
    }
    // As transformers rounds it.
    let dimensions = Int(Double(headSize) * share)
    guard dimensions % 2 == 0, 1...headSize ~= dimensions else {
      throw complaint(
        "head_dim", "is \(headSize), of which \(dimensions) are rotated; expected an even number above 0")
    }
    let original = try optionalCount("original_max_position_embeddings", atMost: 1 << 30)
    let scaling = try parameters.map { parameters throws(Failure) in
      try RotaryScaling(
        parameters, isPartial: fraction != nil, pairs: dimensions / 2, context: context, original: original,
        ignoring: ignored)
    }
    return RotarySpec(dimensions: dimensions, base: base, scaling: scaling ?? .none)
  }
}

extension RotaryScaling {
  /// Reads the object behind `rope_parameters` or `rope_scaling`; a key it does not know is an error.
  ///
  /// - Parameters:
  ///   - isPartial: whether it may say what share of a head is rotated.
  ///   - pairs: how many pairs of dimensions are rotated.
  ///   - context: `max_position_embeddings`.
  ///   - original: `original_max_position_embeddings` of the model, which holds where the object lacks its own; after
  ///     that `context` does.
  ///   - ignored: further keys that it may have.
  fileprivate init(
    _ parameters: Fields, isPartial: Bool, pairs: Int, context: Int, original: Int?,
    ignoring ignored: [String]
  ) throws(Failure) {
    let older = try parameters.string("type", default: "default")
    let kind = try parameters.string("rope_type", default: older)
    var known = ["rope_type", "type", "rope_theta"] + ignored + (isPartial ? ["partial_rotary_factor"] : [])
    let originalContext = try parameters.int("original_max_position_embeddings", default: original ?? context)
    guard originalContext > 0 else {
      throw parameters.complaint("original_max_position_embeddings", "must be above 0")
    }
    /// `factor`, or how much longer the context is than the original one.
    func factor() throws(Failure) -> Float {
      parameters.has("factor")
        ? try parameters.positive("factor") : Float(Double(context) / Double(originalContext))
    }
    switch kind {
    case "default": self = .none
    case "linear":
      known.append("factor")
      self = .linear(factor: try parameters.positive("factor"))
    case "dynamic":
      known.append("factor")
      guard pairs > 1 else { throw parameters.complaint("rope_type", "'dynamic' needs heads of 4 or more") }
      self = .dynamic(factor: try parameters.positive("factor"), context: context)
    case "llama3":
      known += ["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"]
      let scaling = Llama3RotaryScaling(
        factor: try parameters.positive("factor"),
        lowFrequencyFactor: try parameters.positive("low_freq_factor"),
        highFrequencyFactor: try parameters.positive("high_freq_factor"), originalContext: originalContext)
      guard scaling.lowFrequencyFactor < scaling.highFrequencyFactor else {
        throw .badData(parameters.source, "needs low_freq_factor < high_freq_factor")
      }
      self = .llama3(scaling)
    case "yarn":
      known += [
        "factor", "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim",
        "original_max_position_embeddings", "truncate",
      ]
      let factor = try factor()
      let scale: Float
      if parameters.has("attention_factor") {
        scale = try parameters.positive("attention_factor")
      } else {
        let (m, all) = (
          try parameters.double("mscale", default: 0), try parameters.double("mscale_all_dim", default: 0)
        )
        scale =
          m != 0 && all != 0
          ? YarnRotaryScaling.magnitude(factor, Float(m)) / YarnRotaryScaling.magnitude(factor, Float(all))
          : YarnRotaryScaling.magnitude(factor)
      }
      self = .yarn(
        YarnRotaryScaling(
          factor: factor, betaFast: try parameters.positive("beta_fast", default: 32),
          betaSlow: try parameters.positive("beta_slow", default: 1), originalContext: originalContext,
          isTruncated: try parameters.bool("truncate", default: true), attentionScale: scale))
    case "longrope", "su":
      known += [
        "factor", "attention_factor", "short_factor", "long_factor", "original_max_position_embeddings",
      ]
      guard originalContext > 1 else {
        throw parameters.complaint("original_max_position_embeddings", "must be above 1")
      }
      let scale =
        parameters.has("attention_factor")
        ? try parameters.positive("attention_factor")
        : LongRotaryScaling.attentionScale(factor: Double(try factor()), originalContext: originalContext)
      self = .long(
        LongRotaryScaling(
          shortFactors: try parameters.factors("short_factor", count: pairs),
          longFactors: try parameters.factors("long_factor", count: pairs),
          originalContext: originalContext, attentionScale: scale))
    default:
      throw parameters.complaint(
        "rope_type", "'\(kind)' is not supported; known: default, linear, dynamic, llama3, yarn, longrope")
    }
    let strangers = parameters.object.filter { !known.contains($0.0) && !$0.1.isNull }
    if let (key, _) = strangers.first {
      throw parameters.complaint(key, "is not known for the rope type '\(kind)'")
    }
  }
}

extension Fields {
  /// A finite number above 0.
  fileprivate func positive(_ key: String, default value: Double? = nil) throws(Failure) -> Float {
    let number = Float(value == nil || has(key) ? try double(key) : value ?? 0)
    guard number > 0, number.isFinite else { throw complaint(key, "is \(number), expected a number above 0") }
    return number
  }

  /// A list of numbers above 0.
  fileprivate func factors(_ key: String, count: Int) throws(Failure) -> [Float] {
    let values = try array(key).compactMap(\.doubleValue).map { Float($0) }
    guard values.count == count, values.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw complaint(key, "must be a list of \(count) numbers above 0, one for each pair of dimensions")
    }
    return values
  }
}
