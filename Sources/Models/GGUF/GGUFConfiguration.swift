// A config.json made of GGUF's metadata, key by key. It remembers which keys were read: one that nobody read and that speaks of
// the computation is refused, as in a config.json, since silently wrong results are worse than none.

import SafeIO
import TensorCore
import WeightFiles

struct GGUFConfiguration {
  let file: GGUFFile
  let layers: Int
  let hidden: Int
  let heads: Int
  let headSize: Int
  private let architecture: String
  private var object: JSONObject = [:]
  /// Keys without the architecture in front.
  private var understood: Set<String> = []

  /// Keys that say nothing of the computation.
  private static let harmless: Set<String> = [
    "vocab_size", "tensor_data_layout", "rope.scaling.finetuned", "expert_weights_norm", "pooling_type",
  ]

  /// Reads the config.json that a model in a GGUF file would have.
  ///
  /// - Throws: `Failure.badData` that names the key.
  static func json(_ file: GGUFFile, _ architecture: GGUFArchitecture) throws(Failure) -> JSON {
    var configuration = try Self(file, architecture.name)
    try architecture.describe(&configuration)
    try configuration.rejectWhatWasNotRead()
    return .object(configuration.object)
  }

  /// Reads what all architectures have.
  private init(_ file: GGUFFile, _ architecture: String) throws(Failure) {
    self.file = file
    self.architecture = architecture
    func size(_ key: String, atMost limit: Int) throws(Failure) -> Int {
      let key = "\(architecture).\(key)"
      let value = try Self.uniform(file, key)
      guard let value else { throw .badData("\(file.path): key '\(key)'", "is missing") }
      guard 1...limit ~= value else {
        throw .badData("\(file.path): key '\(key)'", "is \(value), expected 1 to \(limit)")
      }
      return value
    }
    layers = try size("block_count", atMost: 1 << 12)
    hidden = try size("embedding_length", atMost: 1 << 20)
    heads = try size("attention.head_count", atMost: 1 << 16)
    let stated = try file.integer("\(architecture).attention.key_length")
    guard stated != nil || hidden % heads == 0 else {
      throw .badData(
        "\(file.path): key '\(architecture).attention.head_count'",
        "is \(heads), which does not divide the width \(hidden); attention.key_length is missing")
    }
    headSize = stated ?? hidden / heads
    guard 1...(1 << 16) ~= headSize else {
      throw .badData(
        "\(file.path): key '\(architecture).attention.key_length'", "is \(headSize), expected 1 to 65536")
    }
    for key in ["block_count", "embedding_length", "attention.head_count", "attention.key_length"] {
      understood.insert(key)
    }
    if try bool("attention.causal") == false {
      throw complaint("attention.causal", "is off, which makes an encoder; mlt runs decoders")
    }
    if let value = try integer("attention.value_length"), value != headSize {
      throw complaint(
        "attention.value_length", "is \(value), but keys have \(headSize); such heads are not supported")
    }
    object["hidden_size"] = .integer(hidden)
    object["num_hidden_layers"] = .integer(layers)
    object["num_attention_heads"] = .integer(heads)
    object["head_dim"] = .integer(headSize)
    object["num_key_value_heads"] = .integer(
      try Self.uniform(file, "\(architecture).attention.head_count_kv") ?? heads)
    let experts = try file.integer("\(architecture).expert_feed_forward_length")
    let hasOwn = file.header["\(architecture).feed_forward_length"] != nil
    object["intermediate_size"] = .integer(
      try !hasOwn && experts != nil
        ? size("expert_feed_forward_length", atMost: 1 << 24) : size("feed_forward_length", atMost: 1 << 24))
    object["max_position_embeddings"] = .integer(try size("context_length", atMost: 1 << 30))
    for key in ["attention.head_count_kv", "feed_forward_length", "context_length"] { understood.insert(key) }
    if let epsilon = try number("attention.layer_norm_rms_epsilon") {
      object["rms_norm_eps"] = .double(epsilon)
    }
    if let epsilon = try number("attention.layer_norm_epsilon") {
      object["layer_norm_eps"] = .double(epsilon)
    }
    guard let embedding = file.described("token_embd.weight"), embedding.shape.count == 2 else {
      throw .badData(file.path, "lacks the matrix 'token_embd.weight'; a vocabulary alone is no model")
    }
    object["vocab_size"] = .integer(embedding.shape[0])
    object["tie_word_embeddings"] = .bool(file.described("output.weight") == nil)
    object["torch_dtype"] =
      embedding.type == .plain(.bf16) ? "bfloat16" : embedding.type == .plain(.f32) ? "float32" : "float16"
    try readRotation()
    try readTokens()
  }

  // MARK: The configuration

  subscript(key: String) -> JSON? {
    get { object[key] }
    set { object[key] = newValue }
  }

  /// Gives keys the names that a family has for them.
  mutating func rename(_ names: [(String, String)]) {
    for (old, new) in names {
      object[new] = object[old]
      object[old] = nil
    }
  }

  mutating func drop(_ keys: String...) { for key in keys { object[key] = nil } }

  // MARK: The metadata

  /// A number under the architecture's name, nil when it is missing; so with those that follow.
  mutating func integer(_ key: String) throws(Failure) -> Int? { try file.integer(reading(key)) }

  mutating func number(_ key: String) throws(Failure) -> Double? {
    guard let number = try file.number(reading(key)) else { return nil }
    guard number.isFinite else { throw complaint(key, "is not a finite number") }
    // Files hold f32, of which this is what was meant: 1e-05 and not 9.999999747378752e-06.
    return Double("\(Float(number))") ?? number
  }

  mutating func ignore(_ keys: String...) { understood.formUnion(keys) }

  mutating func bool(_ key: String) throws(Failure) -> Bool? { try file.bool(reading(key)) }

  /// Whether the first layer, or the last, has a tensor; in some models they differ.
  func has(_ tensor: String) -> Bool {
    file.described("blk.0.\(tensor)") != nil || file.described("blk.\(layers - 1).\(tensor)") != nil
  }

  private mutating func reading(_ key: String) -> String {
    understood.insert(key)
    return "\(architecture).\(key)"
  }

  private func complaint(_ key: String, _ problem: String) -> Failure {
    .badData("\(file.path): key '\(architecture).\(key)'", problem)
  }

  /// A number that may be given for each layer.
  private static func uniform(_ file: GGUFFile, _ key: String) throws(Failure) -> Int? {
    guard case .array? = file.header[key] else { return try file.integer(key) }
    let values = try file.integers(key) ?? []
    guard let first = values.first, values.allSatisfy({ $0 == first }) else {
      throw .badData("\(file.path): key '\(key)'", "differs from layer to layer, which is not supported")
    }
    return first
  }

  // MARK: What several architectures have

  /// - Parameter widthKey: what the family calls the inner width of an expert.
  mutating func readExperts(countKey: String, widthKey: String = "moe_intermediate_size") throws(Failure) {
    guard let count = try integer("expert_count"), let chosen = try integer("expert_used_count") else {
      throw complaint("expert_used_count", "or expert_count is missing")
    }
    object[countKey] = .integer(count)
    object["num_experts_per_tok"] = .integer(chosen)
    // Before anything is made for each of them.
    let last = file.described("blk.\(layers - 1).ffn_down_exps.weight")
    guard let last, last.shape.count == 3, last.shape[0] == count else {
      throw complaint(
        "expert_count", "is \(count), but 'blk.\(layers - 1).ffn_down_exps.weight' does not hold as many")
    }
    if let width = try integer("expert_feed_forward_length") { object[widthKey] = .integer(width) }
    if let gating = try integer("expert_gating_func"), gating > 1 {
      throw complaint("expert_gating_func", "is \(gating); only softmax (1) is supported")
    }
    if let scale = try number("expert_weights_scale"), scale != 0 && scale != 1 {
      throw complaint("expert_weights_scale", "is \(scale), which is not supported")
    }
  }

  mutating func readGranite() throws(Failure) {
    object["model_type"] = "granite"
    object["hidden_act"] = "silu"
    object["embedding_multiplier"] = .double(try number("embedding_scale") ?? 1)
    object["residual_multiplier"] = .double(try number("residual_scale") ?? 1)
    object["attention_multiplier"] = .double(
      try number("attention.scale") ?? 1 / Double(headSize).squareRoot())
    object["logits_scaling"] = .double(try number("logit_scale") ?? 1)
    if has("attn_q.bias") { object["attention_bias"] = true }
  }

  /// Windows of some layers: by the list in the file, or all but each `pattern`th.
  mutating func readWindows(pattern: Int) throws(Failure) {
    guard let window = try integer("attention.sliding_window"), window > 0 else {
      object["layer_types"] = .array(Array(repeating: "full_attention", count: layers))
      return
    }
    object["sliding_window"] = .integer(window)
    let key = reading("attention.sliding_window_pattern")
    var isWindowed = (0..<layers).map { ($0 + 1) % pattern != 0 }
    switch file.header[key] {
    case .array?:
      isWindowed = try file.booleans(key) ?? []
      guard isWindowed.count == layers else {
        throw complaint(
          "attention.sliding_window_pattern", "has \(isWindowed.count) entries for \(layers) layers")
      }
    case .some:
      guard let stated = try file.integer(key), stated > 0 else {
        throw complaint("attention.sliding_window_pattern", "must be a number above 0 or a list")
      }
      isWindowed = (0..<layers).map { ($0 + 1) % stated != 0 }
    case nil: break
    }
    object["layer_types"] = .array(isWindowed.map { $0 ? "sliding_attention" : "full_attention" })
  }

  /// The share of each head that is rotated.
  mutating func readPartialRotation(as key: String = "partial_rotary_factor") {
    let dimensions = rotatedDimensions
    let share = Double(dimensions) / Double(headSize)
    // The reader of configurations takes an f32 and rounds down.
    let isExact = Int(Double(headSize) * Double(Float(share))) == dimensions
    object[key] = .double(isExact ? share : (Double(dimensions) + 0.25) / Double(headSize))
    isPartial = true
  }

  private var rotatedDimensions = 0
  private var isPartial = false

  private mutating func readRotation() throws(Failure) {
    rotatedDimensions = try integer("rope.dimension_count") ?? headSize
    guard 1...headSize ~= rotatedDimensions else {
      throw complaint("rope.dimension_count", "is \(rotatedDimensions), expected 1 to \(headSize)")
    }
    object["rope_theta"] = .double(try number("rope.freq_base") ?? 10_000)
    let older = try number("rope.scale_linear")
    let factor = try number("rope.scaling.factor") ?? older
    let original = try integer("rope.scaling.original_context_length")
    let attention = try number("rope.scaling.attn_factor")
    let kind = try file.string(reading("rope.scaling.type")) ?? (factor ?? 1 != 1 ? "linear" : "none")
    var scaling: JSONObject = ["rope_type": .string(kind)]
    switch kind {
    case "none": scaling = [:]
    case "linear":
      guard let factor else { throw complaint("rope.scaling.factor", "is missing") }
      scaling = factor == 1 ? [:] : ["rope_type": "linear", "factor": .double(factor)]
    case "yarn":
      guard let factor else { throw complaint("rope.scaling.factor", "is missing") }
      scaling["factor"] = .double(factor)
      for (key, name) in [("yarn_beta_fast", "beta_fast"), ("yarn_beta_slow", "beta_slow")] {
        if let value = try number("rope.scaling.\(key)") { scaling[name] = .double(value) }
      }
      // llama.cpp multiplies its own magnitude of the factor by this, and does not heed the key that it has for yarn.
      understood.insert("rope.scaling.yarn_attn_factor")
      if let value = attention, value != 1 {
        scaling["attention_factor"] = .double(value * Double(YarnRotaryScaling.magnitude(Float(factor))))
      }
      if let value = try number("rope.scaling.yarn_ext_factor"), value != 1 {
        throw complaint("rope.scaling.yarn_ext_factor", "is \(value), which is not supported")
      }
      if let value = try number("rope.scaling.yarn_log_multiplier"), value != 0 {
        throw complaint("rope.scaling.yarn_log_multiplier", "is \(value), which is not supported")
      }
      if let original { scaling["original_max_position_embeddings"] = .integer(original) }
    case "longrope": scaling = [:]  // by its tensors
    default: throw complaint("rope.scaling.type", "'\(kind.prefix(40))' is not supported")
    }
    if let long = try factors("rope_factors_long.weight"),
      let short = try factors("rope_factors_short.weight")
    {
      scaling = [
        "rope_type": "longrope", "long_factor": .array(long.map(Self.json)),
        "short_factor": .array(short.map(Self.json)),
      ]
      if let original { object["original_max_position_embeddings"] = .integer(original) }
      if let attention { scaling["attention_factor"] = .double(attention) }
    } else if let factors = try factors("rope_freqs.weight"), factors.contains(where: { $0 != 1 }) {
      scaling = Self.scaling(
        factors, base: Float(object["rope_theta"]?.doubleValue ?? 10_000),
        context: object["max_position_embeddings"]?.intValue ?? 1)
    }
    if !scaling.isEmpty { object["rope_scaling"] = .object(scaling) }
  }

  private static func json(_ factor: Float) -> JSON { .double(Double("\(factor)") ?? Double(factor)) }

  /// What frequencies are divided by, by a tensor of the file.
  private func factors(_ name: String) throws(Failure) -> [Float]? {
    guard let tensor = file.described(name) else { return nil }
    guard tensor.type == .plain(.f32), tensor.shape == [rotatedDimensions / 2] else {
      throw .badData(
        "\(file.path): tensor '\(name)'",
        "is \(tensor.type.name) \(tensor.shape), expected F32 [\(rotatedDimensions / 2)], one for each pair")
    }
    let values = try file.tensor(name).floats()
    guard values.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw .badData("\(file.path): tensor '\(name)'", "holds a value that is not a number above 0")
    }
    return values
  }

  /// Factors of Llama 3, of which GGUF has only the result, under the usual settings of that scaling; others as they are.
  private static func scaling(_ factors: [Float], base: Float, context: Int) -> JSONObject {
    let dimensions = 2 * factors.count
    var largest = factors.max() ?? 1
    // The quotient of two rounded numbers.
    if abs(largest - largest.rounded()) < 1e-4 { largest = largest.rounded() }
    // Of the published models all have these settings, most of them 8192.
    let (low, high): (Float, Float) = (1, 4)
    for original in [8192] + (4...20).map({ 1 << $0 }) where largest > 1 {
      let candidate = Llama3RotaryScaling(
        factor: largest, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext: original)
      let plain = RotarySpec(dimensions: dimensions, base: base, scaling: .none).inverseFrequencies(length: 1)
      let isSame = zip(zip(plain, candidate.scaled(plain)), factors).allSatisfy { pair, factor in
        abs(pair.0 / pair.1 - factor) <= 1e-4 * factor
      }
      if isSame {
        return [
          "rope_type": "llama3", "factor": json(largest), "low_freq_factor": json(low),
          "high_freq_factor": json(high), "original_max_position_embeddings": .integer(original),
        ]
      }
    }
    let list = JSON.array(factors.map(json))
    return [
      "rope_type": "longrope", "short_factor": list, "long_factor": list,
      "original_max_position_embeddings": .integer(max(2, context)), "attention_factor": 1.0,
    ]
  }

  private mutating func readTokens() throws(Failure) {
    func id(_ key: String) throws(Failure) -> Int? {
      guard let id = try file.integer("tokenizer.ggml.\(key)_token_id") else { return nil }
      // What none has: -1, also as an unsigned number.
      return 0..<Int(UInt32.max) ~= id ? id : nil
    }
    object["bos_token_id"] = try id("bos").map(JSON.integer)
    var ends: [Int] = []
    for key in ["eos", "eot", "eom"] {
      if let end = try id(key), !ends.contains(end) { ends.append(end) }
    }
    if !ends.isEmpty {
      object["eos_token_id"] = ends.count == 1 ? .integer(ends[0]) : .array(ends.map(JSON.integer))
    }
    if let padding = try id("padding"), padding < object["vocab_size"]?.intValue ?? 0 {
      object["pad_token_id"] = .integer(padding)
    }
  }

  private func rejectWhatWasNotRead() throws(Failure) {
    for (key, value) in file.header.metadata where key.hasPrefix("\(architecture).") {
      let own = String(key.dropFirst(architecture.count + 1))
      guard !understood.contains(own), !Self.harmless.contains(own), !Self.isNeutral(value) else { continue }
      throw complaint(own, "is not known for '\(architecture)'; the result could be wrong")
    }
    guard isPartial || object["rope_theta"] == nil || rotatedDimensions == headSize else {
      throw complaint(
        "rope.dimension_count",
        "is \(rotatedDimensions) of \(headSize), but '\(architecture)' rotates whole heads")
    }
  }

  /// Whether a value switches nothing on.
  private static func isNeutral(_ value: GGUFValue) -> Bool {
    switch value {
    case .integer(let number, _): number == 0
    case .double(let number, _): number == 0 || number == 1
    case .bool(let flag): !flag
    case .string(let text): text.isEmpty
    case .array(let array): array.count == 0
    case .hugeInteger: false
    }
  }
}
