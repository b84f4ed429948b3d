// Where the weights of a specification lie in a GGUF file. llama.cpp names tensors by the part they play (gguf-py,
// tensor_mapping.py), and a `DecoderSpec` says what part each weight plays; so this is one function for all families. What
// llama.cpp's converters change on the way (order of rows, experts in one tensor, norms with their 1) is undone by it.

import TensorCore

/// How the rows of a weight come from those of a tensor.
enum RowOrder: Sendable, Equatable {
  case same
  /// Within each head of so many rows, what is a pair of halves here are neighbours there (`LlamaModel.permute`,
  /// conversion/llama.py).
  case halvesOfNeighbours(headSize: Int)
  /// Here each key with its queries and its value, there all queries, all keys, all values.
  case groupsOfKinds(queries: Int, keys: Int, headSize: Int)
  /// The tensor holds a part of the rows alone: each `step`th from `first` on. Only for writing.
  case some(first: Int, step: Int, count: Int)

  /// The row of the tensor that is row `row` here, of those that belong to the weight.
  func source(_ row: Int) -> Int {
    switch self {
    case .same, .some: return row
    case .halvesOfNeighbours(let size):
      let (head, place) = row.quotientAndRemainder(dividingBy: size)
      let (half, pair) = place.quotientAndRemainder(dividingBy: size / 2)
      return head * size + 2 * pair + half
    case .groupsOfKinds(let queries, let keys, let size):
      let each = queries / keys
      let (group, place) = row.quotientAndRemainder(dividingBy: (each + 2) * size)
      let (head, dimension) = place.quotientAndRemainder(dividingBy: size)
      let first = head < each ? group * each + head : head == each ? queries + group : queries + keys + group
      return first * size + dimension
    }
  }
}

/// Where a weight lies in a GGUF file.
struct GGUFPlacement: Sendable {
  let parameter: ParameterSpec
  /// The tensor.
  let tensor: String
  /// Another tensor that holds it where that one is missing, and the first of its rows there.
  var alternative: (tensor: String, firstRow: Int)?
  /// The place among the experts, or heads, that share the tensor, and how many there are.
  var expert: (index: Int, count: Int)?
  var order = RowOrder.same
  /// What has been added to the values.
  var offset: Float = 0

  init(_ parameter: ParameterSpec, _ tensor: String) {
    self.parameter = parameter
    self.tensor = tensor
  }
}

extension DecoderSpec {
  /// Where each weight lies in a GGUF file.
  ///
  func ggufPlacements(_ architecture: GGUFArchitecture) -> [GGUFPlacement] {
    var list = embedding.parameters.map { GGUFPlacement($0, "token_embd.weight") }
    list += (positions?.parameters ?? []).map { GGUFPlacement($0, "position_embd.weight") }
    for (layer, block) in blocks.enumerated() {
      list += block.ggufPlacements("blk.\(layer)", architecture)
    }
    list += finalNorm.ggufPlacements("output_norm")
    if let head { list += head.ggufPlacements("output") }
    return list
  }
}

extension BlockSpec {
  fileprivate func ggufPlacements(_ path: String, _ architecture: GGUFArchitecture) -> [GGUFPlacement] {
    let norms: [(NormSpec?, String)] = [
      (mixerNorm, "attn_norm"), (attention?.queryNorm, "attn_q_norm"), (attention?.keyNorm, "attn_k_norm"),
      (mixerOutputNorm, "post_attention_norm"), (feedForwardNorm, architecture.feedForwardNorm),
      (feedForwardOutputNorm, "post_ffw_norm"),
    ]
    let ofNorms = norms.flatMap { norm, name in norm?.ggufPlacements("\(path).\(name)") ?? [] }
    let ofAttention = attention?.ggufPlacements(path, pairsNeighbours: architecture.pairsNeighbours) ?? []
    return ofNorms + ofAttention + (feedForward?.ggufPlacements(path, "", expert: nil) ?? [])
  }
}

extension AttentionSpec {
  fileprivate func ggufPlacements(_ path: String, pairsNeighbours: Bool) -> [GGUFPlacement] {
    let turned: RowOrder =
      pairsNeighbours && rotary?.layout != .interleaved ? .halvesOfNeighbours(headSize: headSize) : .same
    var list = output.ggufPlacements("\(path).attn_output")
    if let sinks { list.append(GGUFPlacement(sinks, "\(path).attn_sinks.weight")) }
    switch projection {
    case .latent: preconditionFailure("no architecture here has latent attention")
    case .fused(let linear, .kinds): list += linear.ggufPlacements("\(path).attn_qkv")
    case .fused(let linear, .groups):
      let order = RowOrder.groupsOfKinds(queries: heads, keys: keyValueHeads, headSize: headSize)
      list += linear.ggufPlacements("\(path).attn_qkv", order)
    case .separate(let query, let key, let value):
      // Some files have one tensor for all three.
      var firstRow = 0
      for (linear, name, order) in [
        (query, "attn_q", turned), (key, "attn_k", turned), (value, "attn_v", .same),
      ] {
        for var placement in linear.ggufPlacements("\(path).\(name)", order) {
          let kind = placement.parameter.role == .bias ? "bias" : "weight"
          placement.alternative = ("\(path).attn_qkv.\(kind)", firstRow)
          list.append(placement)
        }
        firstRow += linear.matrix.rows
      }
    }
    return list
  }
}

extension FeedForwardSpec {
  /// - Parameters:
  ///   - suffix: what stands behind the names: `_exps` for experts, `_shexp` for the one that all rows go through.
  ///   - expert: which of how many experts that share a tensor.
  fileprivate func ggufPlacements(_ path: String, _ suffix: String, expert: (index: Int, count: Int)?)
    -> [GGUFPlacement]
  {
    func place(_ linear: LinearSpec, _ name: String) -> [GGUFPlacement] {
      linear.ggufPlacements("\(path).\(name)\(suffix)").map { placement in
        var placement = placement
        placement.expert = expert
        return placement
      }
    }
    switch self {
    case .plain(_, let up, let down): return place(up, "ffn_up") + place(down, "ffn_down")
    case .gated(_, let gate, let up, let down):
      return place(gate, "ffn_gate") + place(up, "ffn_up") + place(down, "ffn_down")
    case .fusedGated(_, let gateAndUp, let order, let down):
      guard expert != nil else { return place(gateAndUp, "ffn_up") + place(down, "ffn_down") }
      // Experts keep gate and up apart.
      let width = gateAndUp.matrix.rows / 2
      let halves = ["ffn_gate", "ffn_up"].enumerated().flatMap { number, name in
        place(gateAndUp, name).map { placement in
          var placement = placement
          placement.order =
            order == .pairs
            ? .some(first: number, step: 2, count: width)
            : .some(first: number * width, step: 1, count: width)
          return placement
        }
      }
      return halves + place(down, "ffn_down")
    case .experts(let spec):
      var list = spec.router.ggufPlacements("\(path).ffn_gate_inp")
      for (index, expert) in spec.experts.enumerated() {
        list += expert.ggufPlacements(path, "_exps", expert: (index, spec.experts.count))
      }
      list += spec.shared?.ggufPlacements(path, "_shexp", expert: nil) ?? []
      return list + (spec.sharedGate?.ggufPlacements("\(path).ffn_gate_inp_shexp") ?? [])
    }
  }
}

extension DecoderSpec {
  /// The same model as its GGUF file has it: gate and up of experts are matrices of their own.
  var unfused: DecoderSpec {
    var spec = self
    spec.blocks = blocks.map { block in
      guard case .experts(var experts) = block.feedForward else { return block }
      var block = block
      experts.experts = experts.experts.map { expert in
        guard case .fusedGated(let unit, let both, _, let down) = expert else { return expert }
        func half(_ name: String) -> LinearSpec {
          LinearSpec(
            "\(both.path).\(name)", from: both.matrix.columns, to: both.matrix.rows / 2, bias: both.hasBias)
        }
        return .gated(unit: unit, gate: half("gate"), up: half("up"), down: down)
      }
      block.feedForward = .experts(experts)
      return block
    }
    return spec
  }
}

extension LinearSpec {
  fileprivate func ggufPlacements(_ name: String, _ order: RowOrder = .same) -> [GGUFPlacement] {
    parameters.map { parameter in
      var placement = GGUFPlacement(parameter, "\(name).\(parameter.role == .bias ? "bias" : "weight")")
      placement.order = order
      return placement
    }
  }
}

extension NormSpec {
  fileprivate func ggufPlacements(_ name: String) -> [GGUFPlacement] {
    parameters.enumerated().map { number, parameter in
      let isBias = parameter.role == .bias
      var placement = GGUFPlacement(parameter, "\(name).\(isBias ? "bias" : "weight")")
      if isUnitOffset && !isBias { placement.offset = 1 }
      // Weights of heads lie in one tensor.
      if let heads, heads.weights == .apart, !isBias { placement.expert = (number, heads.count) }
      return placement
    }
  }
}
