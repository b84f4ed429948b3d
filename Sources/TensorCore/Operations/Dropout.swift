// Dropout (Srivastava et al. 2014, JMLR 15), in the inverted form that torch uses. The mask is a function of a random
// stream, so the backward pass makes it again instead of keeping it, and a checkpointed block meets the same one.
//
// UNSAFE, on purpose: raw pointers, in bounds where the caller's pieces are.

import CKernels

/// Which elements are zeroed; the others are scaled by 1 / (1 − probability), which keeps the mean.
package struct Dropout: Sendable {
  private let probability: Float
  private let random: CounterRandom

  /// - Parameters:
  ///   - probability: in 0 ..< 1.
  ///   - random: element `i` is kept when number `i` of the stream is not below the probability.
  package init(_ probability: Float, _ random: CounterRandom) {
    precondition(0..<1 ~= probability, "a probability of \(probability) leaves nothing")
    self.probability = probability
    self.random = random
  }

  /// Masks elements from number `start` on; `y` may be `x`.
  func mask(_ x: UnsafePointer<Float>, start: Int, into y: UnsafeMutablePointer<Float>, count: Int) {
    VectorKernels.best.drop(x, UInt(random.key), start, probability, 1 / (1 - probability), y, count)
  }
}
