// Routed experts: every row is sent to those that its router prefers, and the rows of an expert go through it together.

import SafeIO
import TensorCore

/// A feed-forward part of many experts.
final class Experts {
  private let spec: ExpertsSpec
  private let router: Linear
  private let experts: [FeedForward]
  private let shared: FeedForward?
  private let sharedGate: Linear?

  init(_ spec: ExpertsSpec, _ loader: WeightLoader) throws(Failure) {
    self.spec = spec
    router = try Linear(spec.router, loader)
    experts = try spec.experts.map { spec throws(Failure) in try FeedForward(spec, loader) }
    shared = try spec.shared.map { spec throws(Failure) in try FeedForward(spec, loader) }
    sharedGate = try spec.sharedGate.map { spec throws(Failure) in try Linear(spec, loader) }
  }

  /// In the order of `ExpertsSpec.linears`.
  var linears: [Linear] {
    [router] + experts.flatMap(\.linears) + (shared?.linears ?? []) + (sharedGate.map { [$0] } ?? [])
  }

  /// Floats that a row leaves for the backward pass.
  var rememberedWidth: Int {
    spec.chosen * (experts.first?.rememberedWidth ?? 0) + (shared?.rememberedWidth ?? 0)
  }

  /// `[rows, hidden]` gives `[rows, hidden]`.
  func callAsFunction(_ x: Tensor) -> Tensor {
    let (rows, count) = (x.shape[0], experts.count)
    let scores = router(x).softmax(axis: 1)
    let choices = choices(scores)
    // [rows, chosen]
    var weights = scores.reshaped([rows * count]).embedding(
      ids: choices.enumerated().map { Int32($0 / spec.chosen * count) + $1 })
    weights = weights.reshaped([rows, spec.chosen])
    if spec.isNormalized { weights = weights / weights.sum(axes: [1], keepingDimensions: true) }
    let flat = weights.reshaped([rows * spec.chosen])
    var output = shared.map { shared in
      let y = shared(x)
      return sharedGate.map { y * $0(x).sigmoid() } ?? y
    }
    for (number, expert) in experts.enumerated() {
      let slots = choices.indices.filter { choices[$0] == Int32(number) }
      guard !slots.isEmpty else { continue }
      let ids = slots.map { Int32($0 / spec.chosen) }
      let weight = flat.embedding(ids: slots.map { Int32($0) }).reshaped([slots.count, 1])
      let update = expert(x.embedding(ids: ids)) * weight
      let base = output ?? Tensor.zeros(x.shape)
      output = base.indexAdd(axis: 0, indices: Tensor(ids, shape: [ids.count]), source: update)
    }
    return output ?? Tensor.zeros(x.shape)
  }

  /// The experts of each row, `chosen` after one another: highest scores first, of equal ones the first.
  private func choices(_ scores: Tensor) -> [Int32] {
    let values = scores.detached().floats()
    let count = experts.count
    return (0..<scores.shape[0]).flatMap { row in
      let own = values[row * count..<(row + 1) * count]
      return own.indices.sorted { own[$0] > own[$1] || own[$0] == own[$1] && $0 < $1 }
        .prefix(spec.chosen).map { Int32($0 - own.startIndex) }
    }
  }
}
