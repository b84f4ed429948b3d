// Every int8 kernel set this machine can run: the same bits as the portable set, and that one against plain arithmetic.

import CKernels
import TensorCore
import Testing

@Suite struct `Kernels for activations in 8 bits` {
  /// Kernel sets by their place in the list of available ones.
  static let sets = (0..<Int32(8)).prefix { mlt_int8_available($0) != nil }

  /// 4 and 8 bits, every group, every type of scales.
  static let forms: [StoredForm] = [(MLT_AFFINE4, 4), (MLT_AFFINE8, 8)].flatMap { format, bits in
    [32, 64, 128].flatMap { group in
      [DType.f16, .bf16, .f32].map { StoredForm(format: format, bits: bits, group: group, scaleType: $0) }
    }
  }

  /// Rows of x, rows of W, groups: around the edges of tiles, panels, pieces and blocks of columns.
  static let shapes: [(m: Int, rows: Int, groups: Int)] = [
    (1, 1, 1), (2, 15, 2), (3, 16, 3), (5, 17, 4), (8, 33, 5), (9, 48, 1), (13, 49, 2), (24, 100, 3),
    (40, 70, 5),
  ]

  /// The product as one call computes it for rows of W, piece by piece.
  private func product(
    _ kernels: UnsafePointer<mlt_int8_kernels>, _ sample: StoredSample, _ x: [Float], m: Int,
    piece: Int = 1 << 20,
    offset: Int = 0
  ) -> [Float] {
    let (columns, group) = (sample.columns, sample.form.group)
    var matrix = sample.matrix
    // Stored bytes may lie at any address.
    let moved = [
      (matrix.values, sample.rows * Int(matrix.row_bytes)),
      (matrix.scales, sample.rows * columns / group * sample.form.scaleType.size),
      (matrix.biases, sample.rows * columns / group * sample.form.scaleType.size),
    ].map { address, count in
      let copy = UnsafeMutableRawPointer.allocate(byteCount: count + 64, alignment: 64)
      if let address { (copy + offset).copyMemory(from: address, byteCount: count) }
      return copy
    }
    let panels = UnsafeMutableRawPointer.allocate(byteCount: Int(mlt_turned_bytes(&matrix)), alignment: 64)
    defer { for memory in moved + [panels] { memory.deallocate() } }
    (matrix.values, matrix.scales, matrix.biases) = (
      UnsafeRawPointer(moved[0] + offset), UnsafeRawPointer(moved[1] + offset),
      UnsafeRawPointer(moved[2] + offset)
    )
    let target = panels.assumingMemoryBound(to: UInt8.self)
    for begin in stride(from: 0, to: sample.rows, by: 32) {
      mlt_turn_rows(&matrix, Int64(begin), Int64(min(sample.rows, begin + 32)), target)
    }
    var turned = mlt_turned(
      panels: target, rows: matrix.rows, columns: matrix.columns, group: matrix.group,
      bits: Int32(sample.form.bits),
      scale_format: matrix.scale_format)

    let (rows, k) = (Int64(m), Int64(columns))
    var packed = [UInt32](repeating: .max, count: Int(mlt_int8_packed_bytes(rows, k, Int64(group))) / 4)
    let tile = mlt_int8_tile_rows(kernels, rows)
    let unaligned = [0] + x
    unaligned.withUnsafeBufferPointer { x in
      guard let first = x.baseAddress else { return }
      for begin in stride(from: 0, to: rows, by: Int(tile)) {
        mlt_int8_pack(
          kernels, first + 1, k, rows, k, Int64(group), begin, min(rows, begin + tile), &packed)
      }
    }
    let scratch = UnsafeMutableRawPointer.allocate(
      byteCount: Int(mlt_int8_scratch(kernels, &turned, rows)) + 64, alignment: 64)
    defer { scratch.deallocate() }
    // A row of y is longer than W has rows: the rest stays as it is.
    var y = [Float](repeating: 7, count: m * (sample.rows + 1))
    for begin in stride(from: 0, to: sample.rows, by: piece) {
      mlt_int8_product(
        kernels, &turned, rows, &packed, Int64(begin), Int64(min(sample.rows, begin + piece)), &y,
        Int64(sample.rows + 1), scratch.assumingMemoryBound(to: UInt8.self))
    }
    return (0..<m).flatMap { row in
      #expect(y[row * (sample.rows + 1) + sample.rows] == 7, "written past the row")
      return y[row * (sample.rows + 1)..<(row + 1) * (sample.rows + 1) - 1]
    }
  }

  private func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

  @Test(arguments: forms)
  func `every set gives the bits of the portable one, at any alignment and in any pieces`(form: StoredForm)
    throws
  {
    let last = try #require(Self.sets.last)
    let portable = try #require(mlt_int8_available(last))
    #expect(String(cString: portable.pointee.name) == "portable")
    for (place, shape) in Self.shapes.enumerated() {
      let columns = shape.groups * form.group
      let sample = try StoredSample(form, rows: shape.rows, columns: columns)
      var random = Splitmix(state: UInt64(place))
      let x = random.floats(shape.m * columns)
      let reference = bits(product(portable, sample, x, m: shape.m))
      for index in Self.sets {
        let kernels = try #require(mlt_int8_available(index))
        for (piece, offset) in [(16, 1), (48, 2), (1 << 20, 0)] {
          #expect(
            bits(product(kernels, sample, x, m: shape.m, piece: piece, offset: offset)) == reference,
            "\(String(cString: kernels.pointee.name)), \(shape), pieces of \(piece)")
        }
      }
    }
  }

  @Test(arguments: sets, [StoredForm](forms.filter { $0.group == 64 }))
  func `columns past a block are added to those before it`(index: Int32, form: StoredForm) throws {
    let kernels = try #require(mlt_int8_available(index))
    let sample = try StoredSample(form, rows: 50, columns: 4096 + 192)
    var random = Splitmix(state: 4)
    let x = random.floats(30 * sample.columns)
    let y = product(kernels, sample, x, m: 30)
    #expect(relativeError(y, sample.product(rounded(x, form.group), m: 30, back: false)) < 1e-5)
  }

  @Test(arguments: forms)
  func `the product is that of the rounded activations`(form: StoredForm) throws {
    let kernels = try #require(mlt_int8_available(0))
    for shape in Self.shapes {
      let sample = try StoredSample(form, rows: shape.rows, columns: shape.groups * form.group)
      var random = Splitmix(state: 12)
      let x = random.floats(shape.m * sample.columns)
      let y = product(kernels, sample, x, m: shape.m)
      // f32 sums of a few groups; inside a group sums are exact.
      #expect(relativeError(y, sample.product(rounded(x, form.group), m: shape.m, back: false)) < 1e-5)
      // Rounding moves an activation by half a step at most.
      let exact = sample.product(x, m: shape.m, back: false)
      let steps = x.indices.map { Double(largest(x, $0, form.group)) / 127 }
      for i in 0..<shape.m {
        for n in 0..<shape.rows {
          var bound = 1e-4
          for k in 0..<sample.columns {
            let weight = Double(sample.values[n * sample.columns + k])
            bound += abs(weight) * steps[i * sample.columns + k] / 2
          }
          #expect(abs(Double(y[i * shape.rows + n]) - exact[i * shape.rows + n]) <= bound)
        }
      }
    }
  }

  @Test(arguments: sets)
  func `a row of activations has the same bits alone and among others`(index: Int32) throws {
    let kernels = try #require(mlt_int8_available(index))
    for form in Self.forms where form.scaleType == .bf16 {
      let sample = try StoredSample(form, rows: 100, columns: 3 * form.group)
      var random = Splitmix(state: 8)
      let x = random.floats(40 * sample.columns)
      let together = bits(product(kernels, sample, x, m: 40))
      for row in [0, 7, 8, 39] {
        let alone = product(
          kernels, sample, Array(x[row * sample.columns..<(row + 1) * sample.columns]), m: 1)
        #expect(bits(alone) == Array(together[row * 100..<(row + 1) * 100]))
      }
    }
  }

  @Test(arguments: sets)
  func `zeros, tiny values, outliers and values that are not finite stay in their rows`(index: Int32) throws {
    let kernels = try #require(mlt_int8_available(index))
    let form = Self.forms[4]
    let sample = try StoredSample(form, rows: 20, columns: 2 * form.group)
    var random = Splitmix(state: 6)
    var x = random.floats(8 * sample.columns)
    for column in 0..<sample.columns {
      x[column] = 0  // row 0
      x[sample.columns + column] = .leastNormalMagnitude / 128  // row 1
    }
    x[2 * sample.columns + 5] = 3e30
    x[3 * sample.columns + 5] = .infinity
    x[4 * sample.columns + 5] = .nan
    x[5 * sample.columns + 5] = -.infinity
    let y = product(kernels, sample, x, m: 8)
    func row(_ index: Int) -> ArraySlice<Float> { y[index * 20..<(index + 1) * 20] }
    #expect(row(0).allSatisfy { $0 == 0 })
    #expect(row(1).allSatisfy { $0 == 0 })
    for index in 3...5 { #expect(row(index).allSatisfy { $0.isNaN }) }
    let exact = sample.product(rounded(x, form.group), m: 8, back: false)
    #expect(relativeError(Array(row(2)), Array(exact[40..<60])) < 1e-5)
    #expect(relativeError(Array(row(6)) + row(7), Array(exact[120..<160])) < 1e-5)
  }

  /// The largest magnitude in the group that holds element `index`.
  private func largest(_ x: [Float], _ index: Int, _ group: Int) -> Float {
    let begin = index / group * group
    return x[begin..<begin + group].reduce(0) { max($0, abs($1)) }
  }

  /// Activations as 8 bits hold them; a code is rounded from the product with a reciprocal.
  private func rounded(_ x: [Float], _ group: Int) -> [Float] {
    x.indices.map { index in
      let top = largest(x, index, group)
      return top == 0 ? 0 : (x[index] * (127 / top)).rounded(.toNearestOrEven) * (top / 127)
    }
  }
}
