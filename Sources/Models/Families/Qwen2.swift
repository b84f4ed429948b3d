// Qwen 1.5 to 2.5 (Yang et al. 2024, arXiv:2407.10671; transformers, models/qwen2/configuration_qwen2.py): Llama with
// biases on query, key and value, always; some files say so with `attention_bias`.

import SafeIO

extension Family {
  static let qwen2 = Family("qwen2") { config throws(Failure) in
    var modules = try LlamaModules(config)
    config.ignore("attention_bias")
    modules.queryKeyValueBias = true
    modules.windows = try config.layerWindows(layers: modules.sizes.layers)
    return modules.spec
  }
}
