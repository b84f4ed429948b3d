// Routed experts: every row is sent to those that its router prefers, and the rows of an expert go through it together.

import SafeIO
import TensorCore

/// A feed-forward part of many experts.
final class Experts {
  private let router: Router
  private let experts: [FeedForward]
  private let shared: FeedForward?
  private let sharedGate: Linear?

  init(_ spec: ExpertsSpec, _ loader: WeightLoader) throws(Failure) {
    router = try Router(spec, loader)
    experts = try spec.experts.map { spec throws(Failure) in try FeedForward(spec, loader) }
    shared = try spec.shared.map { spec throws(Failure) in try FeedForward(spec, loader) }
    sharedGate = try spec.sharedGate.map { spec throws(Failure) in try Linear(spec, loader) }
  }

  /// In the order of `ExpertsSpec.linears`.
  var linears: [Linear] {
    [router.linear] + experts.flatMap(\.linears) + (shared?.linears ?? []) + (sharedGate.map { [$0] } ?? [])
  }

  /// In the order of `ExpertsSpec.parameters`.
  var weights: [Weight] { linears.flatMap(\.weights) + (router.correction.map { [$0] } ?? []) }

  /// Floats that a row leaves for the backward pass.
  var rememberedWidth: Int {
    router.chosen * (experts.first?.rememberedWidth ?? 0) + (shared?.rememberedWidth ?? 0)
  }

  /// `[rows, hidden]` gives `[rows, hidden]`.
  func callAsFunction(_ x: Tensor) -> Tensor {
    let (choices, weights) = router(x)
    let flat = weights.reshaped([choices.count])
    var output = shared.map { shared in
      let y = shared(x)
      return sharedGate.map { y * $0(x).sigmoid() } ?? y
    }
    for (number, expert) in experts.enumerated() {
      let slots = choices.indices.filter { choices[$0] == Int32(number) }
      guard !slots.isEmpty else { continue }
      let ids = slots.map { Int32($0 / router.chosen) }
      let weight = flat.embedding(ids: slots.map { Int32($0) }).reshaped([slots.count, 1])
      let update = expert(x.embedding(ids: ids)) * weight
      let base = output ?? Tensor.zeros(x.shape)
      output = base.indexAdd(axis: 0, indices: Tensor(ids, shape: [ids.count]), source: update)
    }
    return output ?? Tensor.zeros(x.shape)
  }
}
