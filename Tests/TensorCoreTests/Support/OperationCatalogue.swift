// Every differentiable operation, once: how to run a golden case of it, or inputs of our own where there is no golden.
// The golden test and the finite-difference test both walk this list, so an operation that is in it is checked twice,
// and one that is missing fails the test that compares the list with the golden files.

import SafeIO
import TensorCore

/// An operation, and how to apply it to named inputs with the parameters of a case.
struct CataloguedOperation: Sendable {
  let name: String
  let run: @Sendable ([String: Tensor], JSON) -> Tensor?
  /// Inputs for the finite-difference check of an operation that has no golden file.
  let ownInputs: (@Sendable () -> [String: Tensor])?

  static let all: [CataloguedOperation] = elementwise + reductions + shaping + selecting + composed + ownCases

  static func named(_ name: String) -> CataloguedOperation? { all.first { $0.name == name } }

  /// An operation that has golden cases.
  private init(_ name: String, run: @escaping @Sendable ([String: Tensor], JSON) -> Tensor?) {
    self.name = name
    self.run = run
    ownInputs = nil
  }

  /// An operation that is checked with inputs of its own.
  private init(
    _ name: String, own inputs: @escaping @autoclosure @Sendable () -> [String: Tensor],
    run: @escaping @Sendable ([String: Tensor], JSON) -> Tensor?
  ) {
    self.name = name
    self.run = run
    ownInputs = inputs
  }

  /// An operation on one tensor.
  private static func unary(_ name: String, _ body: @escaping @Sendable (Tensor, JSON) -> Tensor) -> Self {
    CataloguedOperation(name) { inputs, parameters in inputs["x"].map { body($0, parameters) } }
  }

  /// An operation on two tensors.
  private static func binary(_ name: String, _ body: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> Self {
    CataloguedOperation(name) { inputs, _ in
      guard let x = inputs["x"], let y = inputs["y"] else { return nil }
      return body(x, y)
    }
  }

  private static let elementwise: [CataloguedOperation] = [
    binary("add") { $0 + $1 },
    binary("sub") { $0 - $1 },
    binary("mul") { $0 * $1 },
    binary("div") { $0 / $1 },
    binary("maximum") { $0.maximum($1) },
    unary("abs") { x, _ in x.abs() },
    unary("exp") { x, _ in x.exp() },
    unary("log") { x, _ in x.log() },
    unary("sqrt") { x, _ in x.sqrt() },
    unary("rsqrt") { x, _ in x.rsqrt() },
    unary("tanh") { x, _ in x.tanh() },
    unary("sigmoid") { x, _ in x.sigmoid() },
    unary("silu") { x, _ in x.silu() },
    unary("relu") { x, _ in x.relu() },
    unary("softplus") { x, _ in x.softplus() },
    unary("gelu_erf") { x, _ in x.gelu(.erf) },
    unary("gelu_tanh") { x, _ in x.gelu(.tanh) },
    unary("clamp") { x, p in x.clamp(min: p.float("min"), max: p.float("max")) },
    CataloguedOperation("pow") { inputs, p in
      guard let x = inputs["x"] else { return nil }
      return inputs["y"].map { x.pow($0) } ?? x.pow(p.float("exponent"))
    },
  ]

  private static let reductions: [CataloguedOperation] = [
    unary("sum") { x, p in x.sum(axes: p.integers("axes"), keepingDimensions: p.flag("keepdims")) },
    unary("mean") { x, p in x.mean(axes: p.integers("axes"), keepingDimensions: p.flag("keepdims")) },
    unary("max") { x, p in x.max(axes: p.integers("axes")) },
    unary("min") { x, p in x.min(axes: p.integers("axes")) },
    unary("cumsum") { x, p in x.cumulativeSum(axis: p.integer("axis")) },
    unary("log_softmax") { x, p in x.logSoftmax(axis: p.integer("axis")) },
    unary("logsumexp") { x, p in x.logSumExp(axis: p.integer("axis")) },
    CataloguedOperation("softmax") { inputs, p in
      inputs["x"].map { x in (inputs["mask"].map { x + $0 } ?? x).softmax(axis: p.integer("axis")) }
    },
  ]

  private static let shaping: [CataloguedOperation] = [
    unary("reshape") { x, p in x.reshaped(p.integers("shape") ?? []) },
    unary("transpose") { x, p in x.transposed(p.integers("axes") ?? []) },
    unary("expand") { x, p in x.expanded(to: p.integers("shape") ?? []) },
    unary("repeat_kv") { x, p in x.repeatKV(p.integer("repeats"), axis: p.integer("axis")) },
    unary("slice") { x, p in
      switch p["expr"]?.stringValue {
      case "x[1:, :2]": x.slice(axis: 0, start: 1).slice(axis: 1, end: 2)
      case "x[:, ::2, 1:-1]": x.slice(axis: 1, step: 2).slice(axis: 2, start: 1, end: -1)
      default: x.slice(axis: 0, end: 2) * x.slice(axis: 0, start: -2)
      }
    },
    unary("split") { x, p in
      let parts = x.split(axis: -1, sizes: p.integers("sizes") ?? [])
      return .concatenated(parts.enumerated().map { $1 * Float($0 + 1) }, axis: -1)
    },
    CataloguedOperation("concat") { inputs, p in
      guard let x = inputs["x"], let y = inputs["y"] else { return nil }
      return .concatenated([x, y, x], axis: p.integer("axis"))
    },
  ]

  private static let selecting: [CataloguedOperation] = [
    CataloguedOperation("embedding") { inputs, _ in
      guard let table = inputs["table"], let ids = inputs["ids"] else { return nil }
      return table.embedding(ids: ids)
    },
    CataloguedOperation("gather") { inputs, p in
      guard let x = inputs["x"], let ids = inputs["idx"] else { return nil }
      return x.gathered(axis: p.integer("axis"), indices: ids)
    },
    CataloguedOperation("scatter_add") { inputs, p in
      guard let x = inputs["x"], let ids = inputs["idx"], let source = inputs["src"] else { return nil }
      return x.scatterAdd(axis: p.integer("axis"), indices: ids, source: source)
    },
    CataloguedOperation("index_add") { inputs, p in
      guard let x = inputs["x"], let ids = inputs["idx"], let source = inputs["src"] else { return nil }
      return x.indexAdd(axis: p.integer("axis"), indices: ids, source: source)
    },
    CataloguedOperation("where") { inputs, _ in
      guard let condition = inputs["cond"], let x = inputs["x"], let y = inputs["y"] else { return nil }
      return .where(condition, x, y)
    },
    unary("topk_gather") { x, p in x.topK(p.integer("k")).values },
  ]

  private static let composed: [CataloguedOperation] = [
    CataloguedOperation("matmul") { inputs, p in
      guard let x = inputs["x"], let y = inputs["y"] else { return nil }
      return p["note"] == "x @ y^T" ? x.matmul(y.transposed([1, 0])) : x.matmul(y)
    },
    CataloguedOperation("layernorm") { inputs, p in
      inputs["x"]?.layerNorm(weight: inputs["w"], bias: inputs["b"], epsilon: p.float("eps"))
    },
    CataloguedOperation("rmsnorm") { inputs, p in
      inputs["x"]?.rmsNorm(
        weight: inputs["w"], epsilon: p.float("eps"),
        unitOffset: p["note"]?.stringValue?.contains("1 + w") ?? false)
    },
    CataloguedOperation("cross_entropy") { inputs, p in
      guard let logits = inputs["logits"], let labels = inputs["labels"] else { return nil }
      let reduction = p["reduction"]?.stringValue ?? ""
      return logits.crossEntropy(
        labels: labels, reduction: reduction == "none" ? .none : reduction == "sum" ? .sum : .mean)
    },
    CataloguedOperation("swiglu") { inputs, _ in
      guard let x = inputs["x"], let gate = inputs["wg"], let up = inputs["wu"], let down = inputs["wd"]
      else {
        return nil
      }
      return Tensor.gated(.silu, gate: x.linear(gate), up: x.linear(up)).linear(down)
    },
    CataloguedOperation("rope") { inputs, p in inputs["x"].map { rope($0, p) } },
    CataloguedOperation("attention", run: attention),
    CataloguedOperation("moe", run: mixtureOfExperts),
    CataloguedOperation("causal_convolution") { inputs, p in
      guard let x = inputs["x"], let taps = inputs["w"] else { return nil }
      return x.causalConvolution(
        taps: taps, bias: inputs["b"], documents: p.ranges("documents"),
        activation: p.flag("silu") ? .silu : nil)
    },
    CataloguedOperation("recurrence") { inputs, p in
      guard let q = inputs["q"], let k = inputs["k"], let v = inputs["v"], let g = inputs["g"],
        let s = inputs["s"]
      else { return nil }
      return .recurrence(
        query: q, key: k, value: v, decay: g, step: s, rule: p.flag("delta") ? .delta : .additive,
        documents: p.ranges("documents"))
    },
  ]

  /// Operations that PyTorch has no counterpart for.
  private static let ownCases: [CataloguedOperation] = [
    CataloguedOperation("affine", own: ["x": sample([3, 5], 1)]) { inputs, _ in
      inputs["x"].map { 2 - ($0 * 3 + 1) / 4 - 0.5 }
    },
    CataloguedOperation(
      "gated", own: ["gate": sample([4, 7], 2), "up": sample([4, 7], 3)]
    ) { inputs, _ in
      guard let gate = inputs["gate"], let up = inputs["up"] else { return nil }
      return Activation.allCases.map { .gated($0, gate: gate, up: up) }.reduce(gate.activated(.geluErf), +)
    },
    CataloguedOperation("linear, trained", own: ["x": sample([5, 6], 4), "w": sample([3, 6], 5)]) {
      inputs, _ in
      guard let x = inputs["x"], let w = inputs["w"] else { return nil }
      return x.linear(w)
    },
    CataloguedOperation("linear, frozen", own: ["x": sample([5, 6], 6)]) { inputs, _ in
      inputs["x"]?.linear(DenseWeights(sample([3, 6], 7)))
    },
    CataloguedOperation(
      "linears with adapters",
      own: [
        "x": sample([5, 6], 14), "a": sample([2, 6], 15), "b": sample([3, 2], 16), "c": sample([1, 6], 17),
        "d": sample([4, 1], 18),
      ]
    ) { inputs, _ in
      guard let x = inputs["x"], let a = inputs["a"], let b = inputs["b"], let c = inputs["c"],
        let d = inputs["d"]
      else { return nil }
      let outputs = x.linears([
        LinearTerm(
          weight: DenseWeights(sample([3, 6], 19)), adapter: LowRankFactors(inner: a, outer: b, scale: 0.5)),
        LinearTerm(weight: DenseWeights(sample([2, 6], 20)), bias: sample([2], 21)),
        LinearTerm(
          weight: DenseWeights(sample([4, 6], 22)),
          adapter: LowRankFactors(inner: c, outer: d, scale: 2, dropout: Dropout(0.3, CounterRandom(seed: 3)))
        ),
      ])
      return .concatenated(outputs, axis: 1)
    },
    CataloguedOperation("plus", own: ["x": sample([3, 5], 23), "y": sample([3, 5], 24)]) { inputs, _ in
      guard let x = inputs["x"], let y = inputs["y"] else { return nil }
      return x.plus(y * 2)
    },
    CataloguedOperation(
      "linearCrossEntropy, trained",
      own: ["h": sample([6, 4], 8, scale: 2), "w": sample([9, 4], 9, scale: 2), "b": sample([9], 12)]
    ) { inputs, _ in
      guard let hidden = inputs["h"], let head = inputs["w"], let bias = inputs["b"] else { return nil }
      return hidden.linearCrossEntropy(
        head: .tensor(head), bias: bias, labels: [3, -100, 8, 0, -100, 3], weights: [1, 1, 0.5, 2, 1, 0],
        scale: 0.7,
        softcap: 3
      ).loss
    },
    CataloguedOperation("linearCrossEntropy, frozen", own: ["h": sample([5, 4], 10, scale: 2)]) {
      inputs, _ in
      inputs["h"]?.linearCrossEntropy(
        head: .frozen(DenseWeights(sample([9, 4], 11, scale: 2))), labels: [3, -100, 8, 0, 1]
      ).loss
    },
    CataloguedOperation("checkpoint", own: ["x": sample([3, 4], 12), "w": sample([4, 4], 13)]) {
      inputs, _ in
      guard let x = inputs["x"], let w = inputs["w"] else { return nil }
      return checkpoint([x]) { [$0[0].linear(w).tanh() * $0[0]] }[0]
    },
  ]
}

private func sample(_ shape: [Int], _ seed: UInt64, scale: Float = 1) -> Tensor {
  var numbers = Numbers(seed: seed)
  return numbers.tensor(shape, scale: scale)
}

/// x `[batch, heads, tokens, d]`, as the golden has it, through rows `[batch · tokens, heads, d]`.
private func rope(_ x: Tensor, _ p: JSON) -> Tensor {
  let (batch, heads, tokens, width) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
  let rotated = p.integer("rd")
  let table = RotaryTable(
    inverseFrequencies: (0..<rotated / 2).map { index in
      Tensor(p.float("theta")).pow(-Float(2 * index) / Float(rotated)).item()
    },
    layout: p.flag("interleaved") ? .interleaved : .half)
  let offset = Int32(p["offset"]?.intValue ?? 0)
  let positions = (0..<batch).flatMap { _ in (0..<Int32(tokens)).map { $0 + offset } }
  return x.transposed([0, 2, 1, 3]).reshaped([batch * tokens, heads, width])
    .rotary(table, positions: positions)
    .reshaped([batch, tokens, heads, width]).transposed([0, 2, 1, 3])
}

@Sendable private func attention(_ inputs: [String: Tensor], _ p: JSON) -> Tensor? {
  guard let q = inputs["q"], let k = inputs["k"], let v = inputs["v"] else { return nil }
  func rows(_ x: Tensor) -> Tensor {
    x.transposed([0, 2, 1, 3]).reshaped([x.shape[0] * x.shape[2], x.shape[1], x.shape[3]])
  }
  let (batch, heads, queries, width, keys) = (q.shape[0], q.shape[1], q.shape[2], q.shape[3], k.shape[2])
  let spans = (0..<batch).map {
    AttentionSpan(queries: $0 * queries..<($0 + 1) * queries, keys: $0 * keys..<($0 + 1) * keys)
  }
  return Tensor.attention(
    query: rows(q), key: rows(k), value: rows(v), spans: spans, scale: p.float("scale"),
    window: p["window"]?.intValue,
    softcap: p["softcap"]?.doubleValue.map { Float($0) }, sinks: inputs["sinks"],
    causal: p["causal"]?.boolValue ?? true
  ).reshaped([batch, queries, heads, width]).transposed([0, 2, 1, 3])
}

/// Experts that each see the rows routed to them, from operations that exist: routing, gathering rows, adding them back.
@Sendable private func mixtureOfExperts(_ inputs: [String: Tensor], _ p: JSON) -> Tensor? {
  guard let x = inputs["x"], let router = inputs["router"], let w1 = inputs["w1"], let w2 = inputs["w2"]
  else {
    return nil
  }
  let softmaxFirst = p.flag("softmax_first")
  let scores = x.linear(router)
  let best = (softmaxFirst ? scores.softmax(axis: -1) : scores).topK(p.integer("k"))
  var shares = softmaxFirst ? best.values : best.values.softmax(axis: -1)
  if p.flag("norm") { shares = shares / shares.sum(axes: [-1], keepingDimensions: true) }
  let chosen = best.indices.integers()
  let flatShares = shares.reshaped([chosen.count, 1])
  var output = Tensor.zeros(x.shape)
  for expert in 0..<router.shape[0] {
    let places = chosen.indices.filter { chosen[$0] == expert }
    guard !places.isEmpty else { continue }
    let rows = Tensor(places.map { Int32($0 / p.integer("k")) }, shape: [places.count])
    let up = w1.slice(axis: 0, start: expert, end: expert + 1).reshaped(Array(w1.shape.dropFirst()))
    let down = w2.slice(axis: 0, start: expert, end: expert + 1).reshaped(Array(w2.shape.dropFirst()))
    let result = x.embedding(ids: rows).linear(up).silu().linear(down)
    output = output.indexAdd(
      axis: 0, indices: rows, source: result * flatShares.embedding(ids: places.map { Int32($0) }))
  }
  return output
}

extension JSON {
  fileprivate func float(_ key: String) -> Float { Float(self[key]?.doubleValue ?? .nan) }
  fileprivate func integer(_ key: String) -> Int { self[key]?.intValue ?? 0 }
  fileprivate func integers(_ key: String) -> [Int]? { self[key]?.arrayValue?.compactMap(\.intValue) }
  fileprivate func flag(_ key: String) -> Bool { self[key]?.boolValue ?? false }
  /// Ranges that follow each other, by their lengths.
  fileprivate func ranges(_ key: String) -> [Range<Int>] {
    var start = 0
    return (integers(key) ?? []).map { length in
      defer { start += length }
      return start..<start + length
    }
  }
}
