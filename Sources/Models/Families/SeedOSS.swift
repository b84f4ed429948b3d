// Seed-OSS (ByteDance Seed 2025; transformers, models/seed_oss/configuration_seed_oss.py): Llama with biases that are switched
// part by part.

import SafeIO

extension Family {
  static let seedOSS = Family("seed_oss") { config throws(Failure) in
    var modules = try LlamaModules(config, .init(headSize: 128))
    modules.queryKeyValueBias = try config.bool("attention_bias", default: true)
    modules.outputBias = try config.bool("attention_out_bias", default: false)
    modules.feedForwardBias = try config.bool("mlp_bias", default: false)
    return modules.spec
  }
}
