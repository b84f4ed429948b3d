// EXAONE 4 (LG AI Research 2025, arXiv:2507.11407; transformers, models/exaone4/configuration_exaone4.py): what each part
// adds is normalized, and each head; with windows, the layers that see everything know no positions.

import SafeIO

extension Family {
  static let exaone4 = Family("exaone4") { config throws(Failure) in
    var modules = try LlamaModules(config, .init(defaultEpsilon: 1e-5, defaultActivation: "silu"))
    modules.blockNorms = .init(
      attention: nil, attentionOutput: "post_attention_layernorm", feedForward: nil,
      feedForwardOutput: "post_feedforward_layernorm")
    modules.headNorm = .each
    // A number, or letters such as LLLG; files have `layer_types` beside it.
    let pattern = try config.optionalPattern("sliding_window_pattern")
    let hasWindow = try config.window(default: nil) != nil
    modules.windows = try config.windows(layers: modules.sizes.layers, size: nil) { layer in
      hasWindow && (pattern?(layer) ?? ((layer + 1) % 4 != 0))
    }
    if modules.windows.contains(where: { $0 != nil }) {
      for (layer, window) in modules.windows.enumerated() where window == nil {
        modules.rotaries[layer] = nil
      }
    }
    return modules.spec
  }
}
