// Llama 1 to 3 (Touvron et al. 2023, arXiv:2302.13971; transformers, models/llama/configuration_llama.py), and the many
// models that use its configuration. `attention_bias` and `mlp_bias` cover every projection of their part.

import SafeIO

extension Family {
  static let llama = Family("llama") { config throws(Failure) in
    var modules = try LlamaModules(config)
    try modules.readBiases(config)
    return modules.spec
  }
}

extension LlamaModules {
  /// Reads `attention_bias` and `mlp_bias`.
  mutating func readBiases(_ config: ModelConfig) throws(Failure) {
    queryKeyValueBias = try config.bool("attention_bias", default: false)
    outputBias = queryKeyValueBias
    feedForwardBias = try config.bool("mlp_bias", default: false)
  }
}
