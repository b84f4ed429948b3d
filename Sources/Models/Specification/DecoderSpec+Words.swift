// A specification in words, for people who want to see what was read from a config.json.

import TensorCore

extension DecoderSpec {
  /// What the model computes: a short text for each of its parts.
  package var words: [(part: String, text: String)] {
    let mixer = blocks.allSatisfy { $0.attention != nil } ? "attention" : "the mixer"
    let list = [
      ("attention", grouped { $0.attention?.words }),
      ("mixers", grouped { $0.mixer.words }),
      (
        "positions",
        positions == nil ? grouped { $0.attention?.positionWords } : "a learned vector for each"
      ),
      ("feed_forward", grouped { $0.feedForward?.words }),
      ("norms", grouped { $0.normWords(mixer: mixer) }),
      ("factors", factorWords),
    ]
    return list.compactMap { part, text in text.map { (part, $0) } }
  }

  private var factorWords: String? {
    var factors: [String] = []
    if embeddingScale != 1 { factors.append("embeddings × \(embeddingScale)") }
    let residual = blocks.first?.residualScale ?? 1
    if residual != 1 { factors.append("what each part adds × \(residual)") }
    if logitScale != 1 { factors.append("logits × \(logitScale)") }
    if let logitSoftcap { factors.append("logits capped at \(logitSoftcap)") }
    return factors.isEmpty ? nil : factors.joined(separator: ", ")
  }

  /// What blocks say, with their numbers where they differ; nil where none says anything.
  private func grouped(_ words: (BlockSpec) -> String?) -> String? {
    var texts: [String] = []
    var layers: [[Int]] = []
    for (layer, block) in blocks.enumerated() {
      guard let text = words(block) else { continue }
      if let known = texts.firstIndex(of: text) {
        layers[known].append(layer)
      } else {
        texts.append(text)
        layers.append([layer])
      }
    }
    guard let first = layers.first else { return nil }
    if first.count == blocks.count { return texts[0] }
    return zip(texts, layers).map { text, layers in
      "\(text) (layer\(layers.count > 1 ? "s" : "") \(layers.map(String.init).joined(separator: ", ")))"
    }.joined(separator: "; ")
  }
}

extension BlockSpec {
  fileprivate func normWords(mixer: String) -> String {
    guard let norm = mixerNorm ?? mixerOutputNorm else { return "none" }
    var places: [String] = []
    if mixerNorm != nil { places.append("before \(mixer)") }
    if mixerOutputNorm != nil { places.append("after \(mixer)") }
    if feedForwardNorm != nil { places.append("before feed-forward") }
    if feedForwardOutputNorm != nil { places.append("after feed-forward") }
    let parallel = isParallel ? "; \(mixer) and feed-forward side by side" : ""
    return "\(norm.words) \(places.joined(separator: ", "))\(parallel)"
  }
}

extension NormSpec {
  fileprivate var words: String {
    let kind = kind == .rms ? "RMS" : "layer norm"
    let parts = [
      hasWeight ? isUnitOffset ? "weights stored less 1" : nil : "without weights", hasBias ? "biases" : nil,
    ].compactMap { $0 }
    return parts.isEmpty ? kind : "\(kind) (\(parts.joined(separator: ", ")))"
  }
}

extension MixerSpec {
  /// What mixes rows where it is not attention.
  fileprivate var words: String? {
    switch self {
    case .attention: nil
    case .shortConvolution(let spec):
      "gated convolution over \(spec.convolution.taps) rows"
    case .stateSpace(let spec):
      "state space (Mamba-2) of \(spec.heads) heads of \(spec.headSize) by \(spec.stateSize), "
        + "\(spec.groups) group\(spec.groups == 1 ? "" : "s"), convolution over \(spec.convolution.taps) rows"
    case .deltaNet(let spec):
      "gated delta net of \(spec.heads) heads of \(spec.valueSize) on \(spec.keyHeads) key "
        + "head\(spec.keyHeads == 1 ? "" : "s") of \(spec.keySize), convolution over \(spec.convolution.taps) rows"
    }
  }
}

extension AttentionSpec {
  fileprivate var words: String {
    var text =
      "\(heads) query heads on \(keyValueHeads) key head\(keyValueHeads == 1 ? "" : "s") of \(headSize)"
    switch projection {
    case .separate: break
    case .fused: text += ", one projection"
    case .latent(let latent): text += ", from a latent vector of \(latent.keyValueNorm.size)"
    }
    if sinks != nil { text += ", a sink for each" }
    if hasOutputGate { text += ", each with a gate" }
    if projection.linears[0].hasBias { text += ", biases" }
    if queryNorm != nil { text += ", queries and keys normalized" }
    if let window { text += ", a window of \(window)" }
    text += ", scores × \(scale)"
    return softcap.map { "\(text) capped at \($0)" } ?? text
  }

  fileprivate var positionWords: String { rotary?.words ?? "not known" }
}

extension RotarySpec {
  fileprivate var words: String {
    let pairs = layout == .interleaved ? ", pairs of neighbours" : ""
    return "rotary, \(dimensions) dimensions\(pairs), θ \(base)\(scaling.words)"
  }
}

extension RotaryScaling {
  fileprivate var words: String {
    switch self {
    case .none: ""
    case .linear(let factor): ", linear × \(factor)"
    case .dynamic(let factor, let context): ", dynamic × \(factor) beyond \(context)"
    case .llama3(let scaling): ", llama3 × \(scaling.factor) beyond \(scaling.originalContext)"
    case .yarn(let scaling): ", yarn × \(scaling.factor) beyond \(scaling.originalContext)"
    case .long(let scaling): ", longrope beyond \(scaling.originalContext)"
    }
  }
}

extension FeedForwardSpec {
  fileprivate var words: String {
    switch self {
    case .plain(let activation, let up, _): "\(activation.rawValue), \(up.matrix.rows) wide"
    case .gated(let unit, _, let up, _): "gated \(unit.words), \(up.matrix.rows) wide"
    case .fusedGated(let unit, let both, _, _): "gated \(unit.words), \(both.matrix.rows / 2) wide"
    case .experts(let spec):
      "\(spec.routing.chosen) of \(spec.experts.count) experts\(spec.routing.words), each \(spec.experts[0].words)"
        + (spec.shared.map { ", and for every row \($0.words)" } ?? "")
    }
  }
}

extension GatedUnit {
  fileprivate var words: String {
    switch self {
    case .activation(let activation): activation.rawValue
    case .clamped(let slope, let limit): "sigmoid of slope \(slope), clamped at \(limit)"
    }
  }
}

extension RoutingSpec {
  fileprivate var words: String {
    var texts: [String] = []
    if scores == .sigmoid { texts.append("by sigmoid") }
    if correction != nil { texts.append("chosen by corrected scores") }
    if let groups { texts.append("from \(groups.chosen) of \(groups.count) groups") }
    if scale != 1 { texts.append("× \(scale)") }
    return texts.isEmpty ? "" : " (\(texts.joined(separator: ", ")))"
  }
}
