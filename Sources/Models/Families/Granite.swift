// Granite 3, dense (IBM 2024; transformers, models/granite/configuration_granite.py): Llama with four factors.

import SafeIO

extension Family {
  static let granite = Family("granite") { config throws(Failure) in
    var modules = try LlamaModules(config)
    try modules.readBiases(config)
    modules.embeddingScale = try config.positive("embedding_multiplier", default: 1)
    modules.residualScale = try config.positive("residual_multiplier", default: 1)
    modules.scale = try config.positive("attention_multiplier", default: 1)
    modules.logitScale = 1 / (try config.positive("logits_scaling", default: 1))
    return modules.spec
  }
}
