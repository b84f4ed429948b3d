// The update rules against their formulas in double precision.

import FineTuning
import TensorCore
import Testing

@Suite struct OptimizerTests {
  /// Sizes around the loop's vector width and the piece that one thread takes.
  private static let sizes = [1, 2, 7, 8, 9, 31, (1 << 15) - 1, 1 << 15, (1 << 15) + 1]

  private func settings(_ kind: OptimizerSettings.Kind) -> OptimizerSettings {
    // An epsilon well above the rounding of a gradient near 0, where the quotient of both moments is ill-conditioned.
    OptimizerSettings(kind: kind, beta1: 0.9, beta2: 0.99, epsilon: 1e-2, weightDecay: 0.1)
  }

  /// The formulas of torch.optim's documentation, element by element in double precision.
  private func expected(
    _ kind: OptimizerSettings.Kind, start: [Float], gradients: [[Float]], scale: Double, rate: Double
  ) -> [Double] {
    let settings = settings(kind)
    return start.indices.map { i in
      var (p, m, v) = (Double(start[i]), 0.0, 0.0)
      for (step, gradient) in gradients.enumerated() {
        var g = Double(gradient[i]) * scale
        if kind != .adamw { g += settings.weightDecay * p }
        if kind == .adamw { p -= rate * settings.weightDecay * p }
        guard kind != .sgd else {
          p -= rate * g
          continue
        }
        m = settings.beta1 * m + (1 - settings.beta1) * g
        v = settings.beta2 * v + (1 - settings.beta2) * g * g
        let (c1, c2) = (1 - power(settings.beta1, step + 1), 1 - power(settings.beta2, step + 1))
        p -= rate * (m / c1) / ((v / c2).squareRoot() + settings.epsilon)
      }
      return p
    }
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }

  @Test(arguments: OptimizerSettings.Kind.allCases, sizes)
  func `three steps follow the formula`(kind: OptimizerSettings.Kind, size: Int) {
    let random = CounterRandom(seed: size)
    func values(_ offset: Int) -> [Float] { (0..<size).map { random.uniform(offset * size + $0) - 0.5 } }
    let start = values(0)
    let gradients = (1...3).map(values)
    let parameter = Tensor(start)
    let optimizer = Optimizer(settings: settings(kind), parameters: [parameter])
    for gradient in gradients {
      optimizer.step([parameter], gradients: [Tensor(gradient)], gradientScale: 0.5, learningRate: 0.01)
    }
    let found = parameter.floats()
    let wanted = expected(kind, start: start, gradients: gradients, scale: 0.5, rate: 0.01)
    // A dozen f32 roundings a step on values below 1.
    for (one, other) in zip(found, wanted) { #expect(abs(Double(one) - other) <= 3 * 12 * 0x1p-24) }
  }

  @Test func `a learning rate of 0 moves only the moments`() {
    let parameter = Tensor([1, 2, 3] as [Float])
    let optimizer = Optimizer(settings: settings(.adamw), parameters: [parameter])
    optimizer.step([parameter], gradients: [Tensor([1, 1, 1] as [Float])], gradientScale: 1, learningRate: 0)
    #expect(parameter.floats() == [1, 2, 3])
    #expect(optimizer.moments[0].mean.floats().allSatisfy { $0 > 0 })
  }
}

@Suite struct GradientNormTests {
  @Test(arguments: [0, 1, 7, 8, 9, 1000]) func `the norm is that of all elements together`(size: Int) {
    let values = (0..<size).map { Float($0 % 13) - 6 }
    let expected = values.reduce(0) { $0 + Double($1) * Double($1) } * 2
    #expect(GradientNorm.norm([Tensor(values), Tensor(values)]) == expected.squareRoot())
  }

  @Test func `clipping scales down and never up, as torch does`() {
    #expect(GradientNorm.scale(norm: 4, limit: 1) == Float(1 / (4 + 1e-6)))
    #expect(GradientNorm.scale(norm: 0.5, limit: 1) == 1)
    #expect(GradientNorm.scale(norm: 4, limit: nil) == 1)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `one element that is no number makes the norm none`(value: Float) {
    var values = [Float](repeating: 1, count: 21)
    values[17] = value
    #expect(!GradientNorm.norm([Tensor(values)]).isFinite)
  }
}
