// Probabilities of one row of logits, for sampling and for scoring. Rows on a model's way are TensorCore's business.

import Glibc

/// Softmax of one row in f32, with the sum in f64; minus infinity gives 0, and a row of nothing but that gives NaN.
package func softmax(_ logits: [Float]) -> [Float] {
  let largest = logits.max() ?? 0
  var exponentials = logits.map { expf($0 - largest) }
  var sum = 0.0
  for value in exponentials { sum += Double(value) }
  let scale = Float(sum)
  for index in exponentials.indices { exponentials[index] /= scale }
  return exponentials
}

/// The log-probability of `id` under the softmax of `logits`, sums in f64.
package func logProbability(of id: Int32, in logits: [Float]) -> Double {
  let largest = Double(logits.max() ?? 0)
  var sum = 0.0
  for value in logits { sum += exp(Double(value) - largest) }
  return Double(logits[Int(id)]) - largest - log(sum)
}

extension Float {
  /// The natural logarithm.
  static func log(_ value: Float) -> Float { logf(value) }
}
