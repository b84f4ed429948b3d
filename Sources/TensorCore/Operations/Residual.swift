// The sum at the end of a residual branch. The branch's result is needed by no one else, so the sum takes its place.

extension Tensor {
  /// The sum with a tensor of the same shape, written into that one's storage if nothing else refers to it.
  package func plus(_ update: consuming Tensor) -> Tensor {
    precondition(shape == update.shape, "\(self) and \(update) need one shape to be added in place")
    let origins = [origin, update.origin]
    var recipe: Recipe?
    if update.recipe != nil {
      let (x, y) = (Saved(self), Saved(copy update))
      recipe = Tensor.recipe { y.value.adding(consuming: x.value) }
    }
    let sum = update.adding(consuming: self)
    let output = Tensor(shape: shape, dtype: dtype, storage: sum.storage).remade(by: recipe)
    return Tensor.record("plus", outputs: [output], from: origins) { upstream, wanted in
      wanted.map { $0 ? upstream[0] : nil }
    }[0]
  }
}
