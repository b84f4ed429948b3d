// The table of architectures. A family is one file that maps `config.json` to a `DecoderSpec`, and one row here.

import SafeIO

/// How one `model_type` is read.
package struct Family: Sendable {
  /// The `model_type` of its `config.json`.
  package let modelType: String
  let spec: @Sendable (ModelConfig) throws(Failure) -> DecoderSpec

  init(_ modelType: String, _ spec: @escaping @Sendable (ModelConfig) throws(Failure) -> DecoderSpec) {
    self.modelType = modelType
    self.spec = spec
  }
}

/// Every architecture that mlt knows.
package enum Families {
  package static let all: [Family] = [
    .arcee, .bamba, .cohere, .cohere2, .deepseek2, .deepseek3, .ernie45, .exaone4, .gemma, .gemma2, .gemma3,
    .glm,
    .glm4, .gpt2, .gptNeoX, .gptOSS, .granite, .graniteExperts, .graniteHybrid, .internlm2, .lfm2,
    .lfm2Experts, .llama,
    .mamba2, .ministral, .mistral, .mixtral, .nemotron, .olmo, .olmo2, .olmo3, .olmoExperts, .phi, .phi3,
    .qwen2, .qwen2Experts, .qwen3, .qwen3Experts, .qwen3Next, .qwen35, .seedOSS, .smollm3, .stablelm,
    .starcoder2,
  ]

  /// Reads a model's `config.json`.
  ///
  /// - Parameter source: the file, for errors.
  /// - Throws: `Failure.badData` that names the key: an unknown `model_type`, a missing or senseless value, or a key
  ///   that would change the computation in a way the family does not know.
  package static func spec(config: JSON, source: String) throws(Failure) -> DecoderSpec {
    let config = try ModelConfig(config, source: source)
    let modelType = try config.string("model_type")
    guard let family = all.first(where: { $0.modelType == modelType }) else {
      let known = all.map(\.modelType).joined(separator: ", ")
      throw config.complaint("model_type", "'\(modelType)' is not supported; known: \(known)")
    }
    let spec = try family.spec(config)
    try config.rejectWhatWouldChangeTheComputation(family: modelType)
    return spec
  }
}
