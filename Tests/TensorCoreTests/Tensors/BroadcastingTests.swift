// Broadcasting against NumPy's rules, spelled out index by index.

import TensorCore
import Testing

@Suite struct Broadcasting {
  /// All shapes of up to three axes with extents 1, 2, 3.
  private static let shapes: [[Int]] =
    [[]]
    + [1, 2, 3].flatMap { a in [[a]] + [1, 2, 3].flatMap { b in [[a, b]] + [1, 3].map { [a, b, $0] } } }

  /// The broadcast shape; nil if there is none.
  private func common(_ a: [Int], _ b: [Int]) -> [Int]? {
    let rank = max(a.count, b.count)
    let (left, right) = (
      Array(repeating: 1, count: rank - a.count) + a, Array(repeating: 1, count: rank - b.count) + b
    )
    guard zip(left, right).allSatisfy({ $0 == $1 || $0 == 1 || $1 == 1 }) else { return nil }
    return zip(left, right).map { max($0, $1) }
  }

  /// The place in a tensor of `shape` that index number `index` of `target` reads.
  private func place(_ index: Int, _ target: [Int], _ shape: [Int]) -> Int {
    var (rest, result, stride) = (index, 0, 1)
    for axis in target.indices.reversed() {
      let position = rest % target[axis]
      rest /= target[axis]
      let own = axis - (target.count - shape.count)
      guard own >= 0 else { continue }
      if shape[own] > 1 { result += position * stride }
      stride *= shape[own]
    }
    return result
  }

  @Test(arguments: shapes)
  func `every pair of small shapes combines as NumPy says, and gradients come back in their own shape`(
    a: [Int]
  ) throws {
    for b in Self.shapes {
      guard let target = common(a, b) else { continue }
      var numbers = Numbers(seed: 21)
      let (x, y) = (numbers.tensor(a).trainable(), numbers.tensor(b).trainable())
      let upstream = numbers.tensor(target)
      let output = x - y * 2
      let (xs, ys, weights) = (x.floats(), y.floats(), upstream.floats())
      let expected = (0..<upstream.count).map { xs[place($0, target, a)] - ys[place($0, target, b)] * 2 }
      #expect(output.shape == target)
      #expect(output.floats() == expected, "\(a) and \(b)")

      let gradients = output.backward(seed: upstream)
      var (dx, dy) = ([Double](repeating: 0, count: xs.count), [Double](repeating: 0, count: ys.count))
      for (index, weight) in weights.enumerated() {
        dx[place(index, target, a)] += Double(weight)
        dy[place(index, target, b)] -= 2 * Double(weight)
      }
      let (foundX, foundY) = (try #require(gradients[x]), try #require(gradients[y]))
      #expect(foundX.shape == a && foundY.shape == b)
      // f32 sums of at most 27 terms below 2.
      #expect(deviation(foundX.floats(), dx) < 1e-6 && deviation(foundY.floats(), dy) < 1e-6, "\(a) and \(b)")
    }
  }

  @Test func `empty tensors pass through`() {
    let empty = Tensor.zeros([0, 3])
    #expect((empty + Tensor([1, 2, 3])).shape == [0, 3])
    #expect(empty.sum().item() == 0)
    #expect(empty.sum(axes: [0]).floats() == [0, 0, 0])
    #expect(empty.exp().count == 0)
    #expect(Tensor.concatenated([empty, .zeros([2, 3])], axis: 0).shape == [2, 3])
    #expect(empty.matmul(.zeros([3, 4])).shape == [0, 4])
    #expect(Tensor.zeros([3, 0]).matmul(.zeros([0, 2])).floats() == [0, 0, 0, 0, 0, 0])
  }

  @Test func `shapes that do not fit trap`() async {
    await #expect(processExitsWith: .failure) { _ = Tensor([1, 2]) + Tensor([1, 2, 3]) }
    await #expect(processExitsWith: .failure) { _ = Tensor([1, 2]).expanded(to: [3]) }
    await #expect(processExitsWith: .failure) { _ = Tensor([1, 2]).reshaped([3]) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2, 3]).matmul(.zeros([2, 3])) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2, 3]).embedding(ids: [2]) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2, 3]).sum(axes: [2]) }
    await #expect(processExitsWith: .failure) { _ = Tensor([1 as Int32], shape: [1]) + Tensor(1) }
  }
}
