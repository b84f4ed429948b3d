// ERNIE 4.5, dense (Baidu 2025; transformers, models/ernie4_5/configuration_ernie4_5.py): Llama with pairs of neighbours.

import SafeIO

extension Family {
  static let ernie45 = Family("ernie4_5") { config throws(Failure) in
    var modules = try LlamaModules(config, .init(defaultEpsilon: 1e-5, isTied: true, ropeBase: 500_000))
    modules.rotaries = modules.rotaries.map { $0?.interleaved }
    modules.queryKeyValueBias = try config.bool("use_bias", default: false)
    modules.outputBias = modules.queryKeyValueBias
    modules.feedForwardBias = modules.queryKeyValueBias
    return modules.spec
  }
}
