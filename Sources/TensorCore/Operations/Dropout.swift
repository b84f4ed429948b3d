// Dropout (Srivastava et al. 2014, JMLR 15), in the inverted form that torch uses. The mask is a function of a random
// stream, so the backward pass makes it again instead of keeping it, and a checkpointed block meets the same one.

extension Tensor {
  /// Zeroes each element with a probability, and scales the others by 1 / (1 − probability), which keeps the mean.
  ///
  /// The gradient goes through the same mask.
  /// - Parameters:
  ///   - probability: in 0 ..< 1.
  ///   - random: element `i` is kept when number `i` of the stream is not below the probability.
  package func dropout(_ probability: Float, _ random: CounterRandom) -> Tensor {
    precondition(0..<1 ~= probability, "a probability of \(probability) leaves nothing")
    return Tensor.record("dropout", output: masked(probability, random), inputs: [self]) { upstream in
      [upstream.masked(probability, random)]
    }
  }

  private func masked(_ probability: Float, _ random: CounterRandom) -> Tensor {
    let output = Tensor.uninitialized(shape)
    let (x, y, scale) = (source, output.target, 1 / (1 - probability))
    VectorKernels.elements(count) { piece in
      for i in piece { y[i] = random.uniform(i) < probability ? 0 : x[i] * scale }
    }
    return output
  }
}
