// Which experts each row goes through. Choosing has no gradient; the weights of the chosen have.

import SafeIO
import TensorCore

/// Chooses experts for rows.
final class Router {
  let linear: Linear
  /// A number for each expert, added where experts are chosen.
  let correction: Weight?
  private let spec: RoutingSpec
  private let count: Int

  init(_ spec: ExpertsSpec, _ loader: WeightLoader) throws(Failure) {
    self.spec = spec.routing
    count = spec.experts.count
    linear = try Linear(spec.router, loader)
    correction = try spec.routing.correction.map { spec throws(Failure) in try loader.vector(spec.name) }
  }

  /// How many experts a row goes through.
  var chosen: Int { spec.chosen }

  /// `[rows, hidden]` gives the experts of each row, `chosen` after one another, and their weights `[rows, chosen]`.
  func callAsFunction(_ x: Tensor) -> (choices: [Int32], weights: Tensor) {
    let rows = x.shape[0]
    let outputs = linear(x)
    let scores = spec.scores == .softmax ? outputs.softmax(axis: 1) : outputs.sigmoid()
    let corrected = correction.map { scores.detached() + $0.expanded.detached() } ?? scores.detached()
    let choices = choices(corrected)
    var weights = scores.reshaped([rows * count]).embedding(
      ids: choices.enumerated().map { Int32($0 / spec.chosen * count) + $1 })
    weights = weights.reshaped([rows, spec.chosen])
    if spec.isNormalized { weights = weights / weights.sum(axes: [1], keepingDimensions: true) }
    return (choices, spec.scale == 1 ? weights : weights * spec.scale)
  }

  /// The experts of each row: highest scores first, of equal ones the first.
  private func choices(_ scores: Tensor) -> [Int32] {
    let values = scores.floats()
    return (0..<scores.shape[0]).flatMap { row in
      let own = values[row * count..<(row + 1) * count]
      return best(spec.chosen, of: candidates(own)) { own[own.startIndex + $0] }.map { Int32($0) }
    }
  }

  /// The experts of a row that may be chosen: those of its best groups.
  private func candidates(_ scores: ArraySlice<Float>) -> [Int] {
    guard let groups = spec.groups else { return Array(0..<count) }
    let size = count / groups.count
    let ofGroups = (0..<groups.count).map { group in
      scores.dropFirst(group * size).prefix(size).sorted(by: >).prefix(groups.best).reduce(0, +)
    }
    let chosen = best(groups.chosen, of: Array(0..<groups.count)) { ofGroups[$0] }
    return chosen.sorted().flatMap { $0 * size..<($0 + 1) * size }
  }

  /// Those with the highest scores, of equal ones the first; few of many, so that each is put into its place.
  private func best(_ count: Int, of candidates: [Int], by score: (Int) -> Float) -> [Int] {
    var best: [Int] = []
    for candidate in candidates {
      let place = best.firstIndex { score(candidate) > score($0) } ?? best.count
      guard place < count else { continue }
      best.insert(candidate, at: place)
      if best.count > count { best.removeLast() }
    }
    return best
  }
}
