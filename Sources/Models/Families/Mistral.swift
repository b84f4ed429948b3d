// Mistral (Jiang et al. 2023, arXiv:2310.06825; transformers, models/mistral/configuration_mistral.py): Llama without
// biases, whose layers all see a window. `sliding_window` null turns it off; a file without the key means 4096, as in
// transformers.

import SafeIO

extension Family {
  /// Ministral says which layers see a window.
  static let ministral = Family("ministral") { config throws(Failure) in
    var modules = try LlamaModules(config)
    modules.windows = try config.windows(layers: modules.sizes.layers, size: 4096) { _ in true }
    return modules.spec
  }

  static let mistral = Family("mistral") { config throws(Failure) in
    var modules = try LlamaModules(config)
    let window = try config.window(default: 4096)
    modules.windows = modules.windows.map { _ in window }
    return modules.spec
  }
}
