// Products of f32 tensors beside double precision: sizes that divide by nothing, few rows and many, long sums.

import TensorCore
import Testing

@Suite struct `Matrix products` {
  @Test(arguments: [
    [1, 1, 1], [8, 50, 33], [9, 50, 33], [13, 17, 4_133], [70, 1, 65], [4_133, 19, 9], [37, 300, 1],
    [9, 5, 0],
  ])
  func `products and both gradients agree with double precision`(size: [Int]) throws {
    let (m, n, k) = (size[0], size[1], size[2])
    var numbers = Numbers(seed: 7)
    let (a, b) = (numbers.values(m * k), numbers.values(k * n))
    let upstream = numbers.values(m * n)
    let (x, y) = (Tensor(a, shape: [m, k]).trainable(), Tensor(b, shape: [k, n]).trainable())
    let product = x.matmul(y)
    let gradients = (product * Tensor(upstream, shape: [m, n])).sum(axes: [0, 1]).backward()
    let transposed = (0..<n * k).map { b[$0 % k * n + $0 / k] }
    let linear = x.detached().linear(Tensor(transposed, shape: [n, k]))
    let expected = reference(m, n, k) { Double(a[$0 * k + $2]) * Double(b[$2 * n + $1]) }
    #expect(deviation(product.floats(), expected) < 1e-5)
    #expect(deviation(linear.floats(), expected) < 1e-5)
    guard k > 0 else { return }
    let dx = reference(m, k, n) { Double(upstream[$0 * n + $2]) * Double(b[$1 * n + $2]) }
    let dy = reference(k, n, m) { Double(a[$2 * k + $0]) * Double(upstream[$2 * n + $1]) }
    #expect(deviation(try #require(gradients[x]).floats(), dx) < 1e-5)
    #expect(deviation(try #require(gradients[y]).floats(), dy) < 1e-5)
  }

  /// Sums of `term(row, column, step)` over the steps.
  private func reference(_ m: Int, _ n: Int, _ k: Int, _ term: (Int, Int, Int) -> Double) -> [Double] {
    (0..<m * n).map { index in (0..<k).reduce(0) { $0 + term(index / n, index % n, $1) } }
  }
}
