// SmolLM 3 (Hugging Face 2025; transformers, models/smollm3/configuration_smollm3.py): Llama in which every fourth layer
// does not know positions (Yang et al. 2025, arXiv:2501.18795).

import SafeIO

extension Family {
  static let smollm3 = Family("smollm3") { config throws(Failure) in
    var modules = try LlamaModules(config, .init(isTied: true, ropeBase: 2_000_000))
    try modules.readBiases(config)
    config.ignore("max_window_layers")
    let layers = modules.sizes.layers
    let interval = try config.count("no_rope_layer_interval", default: 4)
    let stated = try config.flags("no_rope_layers", count: layers)
    let rotates = stated ?? (0..<layers).map { ($0 + 1) % interval != 0 }
    for layer in 0..<layers where !rotates[layer] { modules.rotaries[layer] = nil }
    let isWindowed = try config.bool("use_sliding_window", default: false)
    modules.windows = try config.windows(layers: layers, size: nil) { isWindowed && !rotates[$0] }
    return modules.spec
  }
}
