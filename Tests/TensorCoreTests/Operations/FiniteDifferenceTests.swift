// Every operation's gradient against differences of its own forward pass.

import SafeIO
import TensorCore
import Testing

@Suite struct `Gradients against finite differences` {
  /// Central differences err by h² f‴ / 6 and by the rounding of two sums over 2h.
  ///
  /// With h = 0.005 and inputs near 1
  /// the first is some 1e-5 of the gradient's scale, times derivatives that reach a few hundred near poles.
  private static let step: Float = 0.005
  private static let truncation = 5e-3

  @Test(arguments: CataloguedOperation.all.map(\.name))
  func `a gradient is the slope of the result`(operation name: String) throws {
    let operation = try #require(CataloguedOperation.named(name))
    if let inputs = operation.ownInputs {
      try check(operation, inputs(), [:], seed: 99, label: name)
    } else {
      for golden in try GoldenFile(operation: name).cases() {
        try check(operation, golden.inputs, golden.parameters, seed: 100, label: golden.description)
      }
    }
  }

  private func check(
    _ operation: CataloguedOperation, _ inputs: [String: Tensor], _ parameters: JSON, seed: UInt64,
    label: String
  ) throws {
    var leaves = inputs
    for (name, tensor) in inputs where tensor.dtype == .f32 { leaves[name] = tensor.trainable() }
    let output = try #require(operation.run(leaves, parameters), "\(label)")
    var numbers = Numbers(seed: seed)
    let upstream = numbers.tensor(output.shape)
    let gradients = output.backward(seed: upstream)
    let weights = upstream.floats().map { Double($0) }

    /// Σ upstream · output, and the same of magnitudes, which bounds its rounding.
    func evaluate(_ inputs: [String: Tensor]) throws -> (sum: Double, magnitude: Double) {
      let values = try #require(operation.run(inputs, parameters)).floats()
      return zip(values, weights).reduce((0, 0)) {
        ($0.0 + Double($1.0) * $1.1, $0.1 + abs(Double($1.0) * $1.1))
      }
    }

    for (name, input) in inputs where input.dtype == .f32 {
      let values = input.floats()
      // A mask of -inf has no slope.
      guard values.allSatisfy(\.isFinite), let leaf = leaves[name] else { continue }
      let gradient = try #require(gradients[leaf], "\(label): no gradient of \(name)").floats()
      let scale = gradient.reduce(0.0) { max($0, Double(abs($1))) }
      for index in stride(from: 0, to: values.count, by: max(1, values.count / 24)) {
        // The step shrinks with small values, which keeps logarithms and roots inside their domain.
        let h = Self.step * min(1, max(abs(values[index]), 0.01))
        var changed = inputs
        var moved = values
        moved[index] = values[index] + h
        let upper = moved[index]
        changed[name] = Tensor(moved, shape: input.shape)
        let above = try evaluate(changed)
        moved[index] = values[index] - h
        changed[name] = Tensor(moved, shape: input.shape)
        let below = try evaluate(changed)
        let width = Double(upper) - Double(moved[index])
        let slope = (above.sum - below.sum) / width
        let rounding = 2 * Double(Float.ulpOfOne) * max(above.magnitude, below.magnitude) / width
        let error = abs(slope - Double(gradient[index]))
        #expect(
          error <= Self.truncation * scale + rounding,
          "\(label): d/d\(name)[\(index)] is \(gradient[index]), the slope is \(slope)")
      }
    }
  }
}
