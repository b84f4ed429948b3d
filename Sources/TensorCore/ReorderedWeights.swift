// Weights whose columns are stored in another order than activations have them, as GPTQ's activation order leaves them once
// the columns of a group lie together. Turning the few activations of a product costs nothing beside it.

/// A matrix with its columns in another order.
package final class ReorderedWeights: WeightMatrix, @unchecked Sendable {  // the tensors are immutable
  private let stored: any WeightMatrix
  /// i32 `[columns]`: the column that stands at each place.
  private let order: Tensor
  /// i32 `[columns]`: the place of each column.
  private let places: Tensor

  /// - Parameter order: the column that stands at each place of `stored`, each once.
  package init(_ stored: any WeightMatrix, order: [Int32]) {
    var places = [Int32](repeating: -1, count: order.count)
    for (place, column) in order.enumerated() { places[Int(column)] = Int32(place) }
    precondition(
      order.count == stored.columns && !places.contains(-1), "an order of columns names each of them once")
    self.stored = stored
    self.order = Tensor(order, shape: [order.count])
    self.places = Tensor(places, shape: [places.count])
  }

  package var rows: Int { stored.rows }

  package var columns: Int { stored.columns }

  package var byteCount: Int { stored.byteCount + order.byteCount }

  package func multiply(_ x: Tensor) -> Tensor { stored.multiply(x.selected(order, axis: 1)) }

  package func multiplyBack(_ dy: Tensor) -> Tensor { stored.multiplyBack(dy).selected(places, axis: 1) }

  package func gather(_ rows: [Int32]) -> Tensor { stored.gather(rows).selected(places, axis: 1) }

  package func expanded() -> Tensor { stored.expanded().selected(places, axis: 1) }

  package func prepare() { stored.prepare() }
}
