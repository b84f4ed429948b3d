// How results are compared.

import TensorCore

/// The largest difference over the largest magnitude expected; infinite if a value is not a number or missing.
func deviation(_ found: [Float], _ expected: [Double]) -> Double {
  guard found.count == expected.count else { return .infinity }
  let largest = expected.reduce(0) { max($0, $1.magnitude) }
  let difference = zip(found, expected).reduce(0.0) { sum, pair in
    let (ours, theirs) = (Double(pair.0), pair.1)
    if ours == theirs { return sum }
    return (ours - theirs).isNaN ? .infinity : max(sum, (ours - theirs).magnitude)
  }
  return difference == 0 ? 0 : difference / largest
}

/// The bits of the elements, for "the same bytes".
func bits(_ tensor: Tensor) -> [UInt32] { tensor.floats().map(\.bitPattern) }

/// Repeatable numbers in -1 ..< 1 (SplitMix64).
struct Numbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> Float {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Float(Int64(bitPattern: z ^ (z >> 31)) >> 40) / Float(1 << 23)
  }

  mutating func values(_ count: Int) -> [Float] { (0..<count).map { _ in next() } }

  mutating func tensor(_ shape: [Int], scale: Float = 1) -> Tensor {
    Tensor((0..<shape.reduce(1, *)).map { _ in next() * scale }, shape: shape)
  }
}
