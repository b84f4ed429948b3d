// Blocks of ggml: values and bytes are those of ggml itself.

import CKernels
import Foundation
import TensorCore
import Testing

/// The recorded blocks; the file is read by hand, since TensorCore knows no weight files.
struct BlockGoldens {
  private let header: [String: [String: Any]]
  private let data: Data

  init() throws {
    let url = Bundle.module.bundleURL.appendingPathComponent("Goldens/blocks.safetensors")
    let file = try Data(contentsOf: url)
    let length = file.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
    let json = try JSONSerialization.jsonObject(with: file[8..<8 + length])
    header = try #require(json as? [String: [String: Any]])
    data = file[(8 + length)...]
  }

  func has(_ name: String) -> Bool { header[name] != nil }

  func shape(_ name: String) throws -> [Int] { try #require(header[name]?["shape"] as? [Int]) }

  func bytes(_ name: String) throws -> [UInt8] {
    let range = try #require(header[name]?["data_offsets"] as? [Int])
    return [UInt8](data[data.startIndex + range[0]..<data.startIndex + range[1]])
  }

  func floats(_ name: String) throws -> [Float] {
    try bytes(name).withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }

  /// Random blocks of a format as a matrix.
  func weights(_ format: BlockFormat) throws -> BlockWeights {
    BlockWeights(
      Tensor.bytes(try bytes("\(format.rawValue).blocks"), shape: try shape("\(format.rawValue).blocks")),
      format: format)
  }
}

extension Tensor {
  /// A u8 tensor.
  fileprivate static func bytes(_ bytes: [UInt8], shape: [Int]) -> Tensor {
    let tensor = Tensor.uninitialized(shape, dtype: .u8)
    tensor.withMutableBytes { $0.copyBytes(from: bytes) }
    return tensor
  }
}

@Suite struct `Blocks of ggml` {
  static let sets = (0..<Int32(8)).prefix { mlt_kernels_available($0) != nil }
  static let kinds = ["gauss", "outliers", "steps", "positive", "constant", "tiny"]
  static let written = BlockFormat.allCases.filter { mlt_blocks_can_quantize($0.stored) != 0 }

  /// The blocks as kernels see them.
  private func withMatrix<R>(
    _ format: BlockFormat, _ bytes: [UInt8], rows: Int, _ body: (mlt_matrix) throws -> R
  ) rethrows -> R {
    try bytes.withUnsafeBytes { bytes in
      var matrix = mlt_matrix()
      matrix.values = bytes.baseAddress
      matrix.rows = Int64(rows)
      matrix.row_bytes = Int64(bytes.count / rows)
      matrix.columns = Int64(bytes.count / rows / format.blockBytes * format.blockSize)
      matrix.format = format.stored
      return try body(matrix)
    }
  }

  @Test(arguments: BlockFormat.allCases, sets)
  func `expanding gives the values that ggml gives, bit for bit`(format: BlockFormat, set: Int32) throws {
    let goldens = try BlockGoldens()
    let expected = try goldens.floats("\(format.rawValue).values")
    let kernels = try #require(mlt_kernels_available(set))
    try withMatrix(format, goldens.bytes("\(format.rawValue).blocks"), rows: 6) { matrix in
      var matrix = matrix
      var row = [Float](repeating: .nan, count: format.blockSize + 1)
      for number in 0..<6 {
        mlt_expand_row(kernels, &matrix, Int64(number), &row)
        let values = expected[number * format.blockSize..<(number + 1) * format.blockSize]
        #expect(row.dropLast().map(\.bitPattern) == values.map(\.bitPattern))
        #expect(row.last?.isNaN == true, "written past the row")
      }
    }
  }

  @Test(arguments: BlockFormat.allCases) func `products agree with the values`(format: BlockFormat) throws {
    let goldens = try BlockGoldens()
    // All blocks of 32 in one row, or each of 256 by itself.
    let bytes = try goldens.bytes("\(format.rawValue).blocks")
    let blocks = format.blockSize == 32 ? [2, 3] : [6, 1]
    let weights = BlockWeights(
      Tensor.bytes(bytes, shape: [blocks[0], bytes.count / blocks[0]]), format: format)
    let values = try goldens.floats("\(format.rawValue).values")
    #expect(weights.expanded().floats().map(\.bitPattern) == values.map(\.bitPattern))
    let columns = weights.columns
    #expect(weights.gather([1, 0]).floats() == Array(values[columns..<2 * columns] + values[..<columns]))
    for m in [1, 3, 8, 20] {
      let x = (0..<m * columns).map { Float(($0 * 7919) % 101) / 50 - 1 }
      let y = weights.multiply(Tensor(x, shape: [m, columns])).floats()
      for row in 0..<m {
        for output in 0..<weights.rows {
          let products = (0..<columns).map {
            Double(x[row * columns + $0]) * Double(values[output * columns + $0])
          }
          let size = products.reduce(0) { $0 + abs($1) }
          // f32 sums of some hundred products.
          #expect(abs(Double(y[row * weights.rows + output]) - products.reduce(0, +)) <= 2e-6 * size)
        }
      }
    }
  }

  @Test(arguments: written, kinds)
  func `quantizing gives the bytes that ggml gives`(format: BlockFormat, kind: String) throws {
    let goldens = try BlockGoldens()
    let weights = try goldens.floats("\(kind).weights")
    let expected = try goldens.bytes("\(kind).\(format.rawValue)")
    for quantize in [mlt_blocks_quantize, mlt_blocks_quantize_portable] {
      var blocks = [UInt8](repeating: 0xaa, count: expected.count)
      var errors = [0.0, 0.0]
      #expect(quantize(format.stored, weights, Int64(weights.count), &blocks, &errors) == -1)
      #expect(blocks == expected)
      #expect(errors[0] >= 0 && errors[0].isFinite && errors[1] >= 0)
    }
  }

  @Test(arguments: written) func `weights that no scale holds are refused by their block`(format: BlockFormat)
  {
    for bad in [Float.nan, .infinity, -.infinity] {
      var weights = [Float](repeating: 0.5, count: 3 * format.blockSize)
      weights[2 * format.blockSize + 5] = bad
      var blocks = [UInt8](repeating: 0, count: 3 * format.blockBytes)
      var errors = [0.0, 0.0]
      #expect(mlt_blocks_quantize(format.stored, weights, Int64(weights.count), &blocks, &errors) == 2)
    }
    guard format != .mxfp4 else { return }
    var weights = [Float](repeating: 0.5, count: 2 * format.blockSize)
    weights[format.blockSize] = 3e38
    var blocks = [UInt8](repeating: 0, count: 2 * format.blockBytes)
    var errors = [0.0, 0.0]
    #expect(mlt_blocks_quantize(format.stored, weights, Int64(weights.count), &blocks, &errors) == 1)
  }

  @Test(arguments: BlockFormat.allCases.filter { $0.affineBits != nil })
  func `blocks whose grid is affine say the same in codes, scales and biases`(format: BlockFormat) throws {
    let weights = try BlockGoldens().weights(format)
    let (codes, scales, biases) = try #require(weights.affine())
    let affine = try GroupedAffineWeights(
      codes: codes, scales: scales, biases: biases, bits: try #require(format.affineBits), groupSize: 32,
      place: "sample")
    #expect(affine.expanded().floats() == weights.expanded().floats())
  }

  @Test(arguments: [2, 3, 4, 5], [32, 64, 128])
  func `affine codes become blocks of the same values`(bits: Int, groupSize: Int) throws {
    let forms: [Int: mlt_format] = [2: MLT_AFFINE2, 3: MLT_AFFINE3, 4: MLT_AFFINE4, 5: MLT_AFFINE5]
    let form = StoredForm(format: try #require(forms[bits]), bits: bits, group: groupSize, scaleType: .f16)
    let sample = try StoredSample(form, rows: 5, columns: 256)
    let affine = try #require(sample.weights as? GroupedAffineWeights)
    let blocks = try #require(affine.blocks([4, 0, 1]))
    let weights = BlockWeights(blocks, format: bits == 5 ? .q51 : .q41)
    #expect(weights.expanded().floats() == affine.gather([4, 0, 1]).floats())
  }

  @Test func `a scale that f16 does not hold is no block`() throws {
    let form = StoredForm(format: MLT_AFFINE4, bits: 4, group: 32, scaleType: .f32)
    let sample = try StoredSample(form, rows: 2, columns: 64)
    let affine = try #require(sample.weights as? GroupedAffineWeights)
    #expect(affine.blocks([0]) == nil)
  }
}
