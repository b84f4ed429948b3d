// Every kernel set this machine can run, on every format, against plain arithmetic.

import CKernels
import Testing

@Suite struct `Kernels for stored matrices` {
  /// Kernel sets by their place in the list of available ones.
  static let sets = (0..<Int32(8)).prefix { mlt_kernels_available($0) != nil }

  /// f32 sums of up to 1,200 products of values near 1: each addition may lose half an ulp of a partial sum.
  static let tolerance = 1e-5

  private func set(_ index: Int32) throws -> UnsafePointer<mlt_kernels> {
    try #require(mlt_kernels_available(index))
  }

  /// Rows × columns around the edges of vectors, panels, pieces and blocks of k.
  private func shapes(_ form: StoredForm) -> [(rows: Int, columns: Int)] {
    guard form.isAffine else {
      return [
        (1, 1), (2, 15), (7, 16), (8, 17), (33, 31), (47, 129), (49, 130), (97, 511), (5, 513), (530, 40),
      ]
    }
    return [(1, 1), (3, 2), (47, 3), (48, 4), (49, 5), (513, 1), (17, 1024 / form.group + 1)].map {
      ($0.0, $0.1 * form.group)
    }
  }

  @Test func `the portable kernels are always there, and the best set has a name`() throws {
    let names = try Self.sets.map { String(cString: try set($0).pointee.name) }
    #expect(names.last == "portable")
    #expect(names.first == String(cString: mlt_instruction_set()))
  }

  @Test(arguments: sets, StoredForm.all)
  func `expanding a row gives exactly the stored values`(index: Int32, form: StoredForm) throws {
    for shape in shapes(form) {
      let sample = try StoredSample(form, rows: shape.rows, columns: shape.columns)
      var (matrix, row) = (sample.matrix, [Float](repeating: .nan, count: shape.columns + 1))
      for number in 0..<shape.rows {
        mlt_expand_row(try set(index), &matrix, Int64(number), &row)
        #expect(
          Array(row.dropLast()) == Array(sample.values[number * shape.columns..<(number + 1) * shape.columns])
        )
        #expect(row[shape.columns].isNaN, "written past the row")
      }
    }
  }

  @Test(arguments: sets, StoredForm.all)
  func `dot products of few rows agree with double precision`(index: Int32, form: StoredForm) throws {
    for (place, shape) in shapes(form).enumerated() {
      let m = place % Int(MLT_DOT_ROWS) + 1
      let sample = try StoredSample(form, rows: shape.rows, columns: shape.columns)
      var random = Splitmix(state: 7)
      var (matrix, x) = (sample.matrix, random.floats(m * shape.columns))
      var y = [Float](repeating: .nan, count: m * shape.rows)
      mlt_dot_rows(
        try set(index), &matrix, 0, Int64(shape.rows), Int64(m), &x, Int64(shape.columns), &y,
        Int64(shape.rows))
      #expect(relativeError(y, sample.product(x, m: m, back: false)) < Self.tolerance, "\(m) rows, \(shape)")
    }
  }

  @Test(arguments: sets, StoredForm.all)
  func `the blocked product agrees with double precision, forward and back`(index: Int32, form: StoredForm)
    throws
  {
    let kernels = try set(index)
    for (place, shape) in shapes(form).enumerated() {
      for back in [false, true] {
        let m = [1, 2, 9, 10, 12, 13, 31][place % 7]
        let (k, n) = back ? (shape.rows, shape.columns) : (shape.columns, shape.rows)
        let sample = try StoredSample(form, rows: shape.rows, columns: shape.columns)
        var random = Splitmix(state: 11)
        var (matrix, x) = (sample.matrix, random.floats(m * k))
        var packed = [Float](repeating: .nan, count: Int(mlt_packed_lanes(kernels, Int64(m), Int64(k))))
        mlt_pack_rows(kernels, &x, Int64(k), Int64(m), Int64(k), 0, Int64(m), &packed)
        var y = [Float](repeating: .nan, count: m * n)
        let piece = 2 * Int(kernels.pointee.nr)
        var scratch = [Float](repeating: .nan, count: Int(mlt_product_scratch(kernels, Int64(piece))))
        for begin in stride(from: 0, to: n, by: piece) {
          mlt_product(
            kernels, &matrix, back ? 1 : 0, Int64(m), &packed, Int64(begin), Int64(min(n, begin + piece)), &y,
            Int64(n),
            &scratch)
        }
        #expect(
          relativeError(y, sample.product(x, m: m, back: back)) < Self.tolerance,
          "\(m) rows, \(shape), back: \(back)")
      }
    }
  }
}
