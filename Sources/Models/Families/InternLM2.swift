// InternLM 2 (Cai et al. 2024, arXiv:2403.17297; configuration_internlm2.py beside the weights): Llama under other names, with
// one layer for queries, keys and values, group by group.

import SafeIO

extension Family {
  static let internlm2 = Family("internlm2") { config throws(Failure) in
    var modules = try LlamaModules(config, .init(defaultActivation: "silu"))
    modules.names = .init(
      embedding: "tok_embeddings", attention: "attention", attentionOutput: "wo", head: "output")
    modules.names.feedForward = "feed_forward"
    modules.blockNorms = .init(attention: "attention_norm", feedForward: "ffn_norm")
    modules.fusedProjection = ("wqkv", .groups)
    modules.queryKeyValueBias = try config.bool("bias", default: true)
    modules.outputBias = modules.queryKeyValueBias
    modules.feedForwardNames = .gated(gate: "w1", up: "w3", down: "w2")
    return modules.spec
  }
}
