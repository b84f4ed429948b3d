// Round-to-nearest against MLX, and at its edges.

import Quantization
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct `Affine quantization` {
  static let settings = [32, 64, 128].flatMap { group in [2, 3, 4, 5, 6, 8].map { (group: group, bits: $0) } }

  @Test(arguments: QuantizationGoldens.matrices)
  func `codes, scales and biases are those of MLX, bit for bit, and so are the values`(path: String) throws {
    let golden = try SafetensorsFile(path: path)
    let weights = try golden.tensor("w")
    for (group, bits) in Self.settings {
      let name = "g\(group).b\(bits)"
      let ours = try AffineQuantizer.quantize(weights, bits: bits, groupSize: group)
      #expect(try ours.parts[0].bytes == golden.tensor("\(name).wq").bytes, "\(name)")
      #expect(try ours.parts[1].bytes == golden.tensor("\(name).scales").bytes, "\(name)")
      #expect(try ours.parts[2].bytes == golden.tensor("\(name).biases").bytes, "\(name)")
      #expect(ours.parts[1].dtype == weights.dtype)
      let values = ours.parts[0].withBytes {
        AffineQuantizer.dequantize(
          codes: $0, scales: ours.parts[1], biases: ours.parts[2], bits: bits, groupSize: group)
      }
      #expect(try values.bytes == golden.tensor("\(name).dequantized").bytes, "\(name)")
    }
  }

  @Test func `products with quantized weights are those of MLX`() throws {
    let golden = try SafetensorsFile(path: "\(QuantizationGoldens.bundled)/quant/qmm.safetensors")
    let x = try golden.tensor("x")
    for (group, bits) in Self.settings {
      let name = "g\(group).b\(bits)"
      let weights = try GroupedAffineWeights(
        codes: golden.tensor("\(name).wq"), scales: golden.tensor("\(name).scales"),
        biases: golden.tensor("\(name).biases"), bits: bits, groupSize: group, place: name)
      let (ours, theirs) = (weights.multiply(x).floats(), try golden.tensor("\(name).y").floats())
      let size = theirs.reduce(0) { max($0, $1.magnitude) }
      let worst = zip(ours, theirs).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
      #expect(worst <= 1e-5 * size, "\(name)")
    }
  }

  /// Rows that need several pieces, of values that differ in every row.
  private func matrix(rows: Int, columns: Int, _ type: DType = .f32) -> Tensor {
    let values = (0..<rows * columns).map { Float($0 &* 2_654_435_761 % 1_000_003) / 1_000_003 - 0.4 }
    return Tensor(values, shape: [rows, columns]).cast(to: type)
  }

  @Test(arguments: [DType.f32, .bf16, .f16])
  func `the reported error is the distance between weights and stored values`(type: DType) throws {
    let weights = matrix(rows: 300, columns: 512, type)
    let ours = try AffineQuantizer.quantize(weights, bits: 3, groupSize: 64)
    let stored = try GroupedAffineWeights(
      codes: ours.parts[0], scales: ours.parts[1], biases: ours.parts[2], bits: 3, groupSize: 64,
      place: "test"
    ).expanded().floats()
    let pairs = zip(weights.floats(), stored).map { (Double($0), Double($1)) }
    let error = pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let norm = pairs.reduce(0) { $0 + $1.0 * $1.0 }
    // Differences are rounded to f32 once more on the way.
    #expect(abs(ours.error.squaredError / error - 1) < 1e-5)
    #expect(abs(ours.error.squaredNorm / norm - 1) < 1e-6)
  }

  @Test func `the number of threads changes nothing`() throws {
    let threads = ThreadPool.shared.threads
    defer { ThreadPool.shared.threads = threads }
    let weights = matrix(rows: 400, columns: 1024, .bf16)
    let results = try [1, 2, 3].map { count in
      ThreadPool.shared.threads = count
      return try AffineQuantizer.quantize(weights, bits: 4, groupSize: 32)
    }
    for other in results.dropFirst() {
      #expect(other.parts.map(\.bytes) == results[0].parts.map(\.bytes))
      #expect(other.error == results[0].error)
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity], [0, 63, 199])
  func `a value that is not finite is refused with its place`(value: Float, row: Int) throws {
    var values = matrix(rows: 200, columns: 1024).floats()
    values[row * 1024 + 700] = value
    let weights = Tensor(values, shape: [200, 1024])
    #expect {
      _ = try AffineQuantizer.quantize(
        weights, bits: 4, groupSize: 64, place: "m.safetensors: 'w'", firstRow: 1000)
    } throws: { error in
      (error as? Failure)?.message.hasPrefix("m.safetensors: 'w': row \(1000 + row), columns 640 to 703 hold")
        ?? false
    }
  }

  @Test func `a range that overflows is refused`() throws {
    var values = [Float](repeating: 0, count: 64)
    values[0] = 3e38
    values[1] = -3e38
    let weights = Tensor(values, shape: [1, 64])
    #expect(throws: Failure.self) { try AffineQuantizer.quantize(weights, bits: 4, groupSize: 64) }
  }

  @Test func `a matrix without rows stays one`() throws {
    let empty = try AffineQuantizer.quantize(Tensor.zeros([0, 64]), bits: 4, groupSize: 64)
    #expect(empty.parts.map(\.shape) == [[0, 8], [0, 1], [0, 1]])
  }
}
