// StarCoder 2 (Lozhkov et al. 2024, arXiv:2402.19173; transformers, models/starcoder2/configuration_starcoder2.py):
// layer norms, biases everywhere, a feed-forward part without gate, and a window in all layers.

import SafeIO

extension Family {
  static let starcoder2 = Family("starcoder2") { config throws(Failure) in
    var modules = try LlamaModules(
      config,
      .init(
        epsilon: "norm_epsilon", defaultEpsilon: 1e-5, defaultActivation: "gelu_pytorch_tanh", isTied: true))
    modules.norm.kind = .layer
    modules.norm.hasBias = true
    modules.queryKeyValueBias = try config.bool("use_bias", default: true)
    modules.outputBias = modules.queryKeyValueBias
    modules.feedForwardBias = modules.queryKeyValueBias
    modules.feedForwardNames = .plain(up: "c_fc", down: "c_proj")
    // What these say is how StarCoder 2 always is.
    config.ignore(
      "activation_function", "attention_softmax_in_fp32", "layer_norm_epsilon", "mlp_type", "norm_type",
      "scale_attention_softmax_in_fp32", "scale_attn_weights")
    let window = try config.window(default: nil)
    modules.windows = modules.windows.map { _ in window }
    return modules.spec
  }
}
