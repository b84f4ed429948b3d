// Random numbers by the hundred million: speed does not depend on the values, as long as none is special, so a cheap
// distribution will do. Each value is a function of seed and position alone.
//
// UNSAFE, on purpose: fills memory through pointers; pieces partition it.

import Models
import TensorCore

enum RandomNumbers {
  /// Values that a task makes.
  private static let grain = 1 << 16
  /// The deviation of random weights: what models are initialized with, which keeps activations tame.
  static let weightDeviation: Float = 0.02

  /// The scale and the bias that give uniform codes, whose deviation is 2^bits / 3.46, the deviation of weights around 0.
  static func affine(bits: Int) -> (scale: Float, bias: Float) {
    let scale = weightDeviation * 3.46 / Float(1 << bits)
    return (scale, -scale * Float(1 << (bits - 1)))
  }

  /// f32 or bf16 values around 0 with a deviation of about `deviation`: each is the sum of two bytes of a random number.
  static func tensor(_ shape: [Int], dtype: DType = .f32, deviation: Float = 1, seed: Int) -> Tensor {
    let count = shape.reduce(1, *)
    let memory = OwnMemory(byteCount: count * dtype.size)
    let scale = deviation / 104.5  // of the sum of two uniform bytes
    let random = CounterRandom(seed: seed, CounterRandom.hash("benchmark"))
    guard let base = memory.bytes.baseAddress else { return memory.tensor(shape, dtype: dtype) }
    ThreadPool.shared.run((count + grain - 1) / grain) { piece in
      let range = piece * grain..<min(count, (piece + 1) * grain)
      for start in stride(from: range.lowerBound, to: range.upperBound, by: 4) {
        var bits = random.bits(start)
        for index in start..<min(start + 4, range.upperBound) {
          let value = (Float(bits & 255) + Float(bits >> 8 & 255) - 255) * scale
          bits >>= 16
          if dtype == .f32 {
            base.storeBytes(of: value, toByteOffset: 4 * index, as: Float.self)
          } else {
            let upper = UInt16(truncatingIfNeeded: value.bitPattern >> 16)
            base.storeBytes(of: upper, toByteOffset: 2 * index, as: UInt16.self)
          }
        }
      }
    }
    return memory.tensor(shape, dtype: dtype)
  }

  /// Random 32-bit words.
  static func words(_ shape: [Int], seed: Int) -> Tensor {
    let count = shape.reduce(1, *)
    let memory = OwnMemory(byteCount: 4 * count)
    let random = CounterRandom(seed: seed, CounterRandom.hash("words"))
    guard let base = memory.bytes.baseAddress else { return memory.tensor(shape, dtype: .u32) }
    ThreadPool.shared.run((count + grain - 1) / grain) { piece in
      for index in piece * grain..<min(count, (piece + 1) * grain) {
        let word = UInt32(truncatingIfNeeded: random.bits(index))
        base.storeBytes(of: word, toByteOffset: 4 * index, as: UInt32.self)
      }
    }
    return memory.tensor(shape, dtype: .u32)
  }

  /// Ids that a model knows.
  static func tokens(_ count: Int, _ decoder: Decoder, seed: Int) -> [Int32] {
    let random = CounterRandom(seed: seed, CounterRandom.hash("tokens"))
    return (0..<count).map { Int32(random.bits($0) % UInt64(decoder.spec.vocabularySize)) }
  }
}
