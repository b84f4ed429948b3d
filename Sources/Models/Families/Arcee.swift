// Arcee's AFM (Arcee AI 2025; transformers, models/arcee/configuration_arcee.py): Llama with squared ReLU without gate.

import SafeIO

extension Family {
  static let arcee = Family("arcee") { config throws(Failure) in
    var modules = try LlamaModules(config, .init(defaultEpsilon: 1e-5, defaultActivation: "relu2"))
    try modules.readBiases(config)
    modules.feedForwardNames = .plain(up: "up_proj", down: "down_proj")
    return modules.spec
  }
}
