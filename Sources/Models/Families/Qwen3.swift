// Qwen 3, dense (Yang et al. 2025, arXiv:2505.09388; transformers, models/qwen3/configuration_qwen3.py): Llama with a
// norm of each query and key head. `head_dim` is 128 when a file lacks it.

import SafeIO

extension Family {
  static let qwen3 = Family("qwen3") { config throws(Failure) in
    var modules = try LlamaModules(config, .init(headSize: 128))
    modules.headNorm = .each
    modules.queryKeyValueBias = try config.bool("attention_bias", default: false)
    modules.outputBias = modules.queryKeyValueBias
    modules.windows = try config.layerWindows(layers: modules.sizes.layers)
    return modules.spec
  }
}
