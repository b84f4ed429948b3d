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
    if form.number != nil {
      return [(1, 1), (3, 2), (47, 3), (48, 4), (49, 5), (213, 1)].map { ($0.0, form.columns($0.1)) }
    }
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
    for (place, shape) in shapes(form).enumerated() {
      for back in [false, true] {
        let product = try BlockedProduct(form, shape, place: place, back: back)
        let y = product.run(try set(index))
        #expect(relativeError(y, product.reference) < Self.tolerance, "\(product)")
      }
    }
  }

  @Test(arguments: sets) func `the blocked product can add to what is there`(index: Int32) throws {
    for (place, shape) in shapes(StoredForm.floats[1]).enumerated() {
      let product = try BlockedProduct(StoredForm.floats[1], shape, place: place, back: true)
      let y = product.run(try set(index))
      let sum = product.run(try set(index), adding: y)
      #expect(relativeError(sum, y.map { 2 * Double($0) }) < 1e-6, "\(product)")
    }
  }

  // MARK: Operands of 16 bits

  /// Sets for operands of 16 bits by their place in the list.
  static let narrowSets = (0..<Int32(8)).prefix { mlt_kernels_of_16_bits($0) != nil }

  private func narrow(_ index: Int32) throws -> UnsafePointer<mlt_kernels> {
    try #require(mlt_kernels_of_16_bits(index))
  }

  /// The portable set that rounds as this one does: by pairs of bf16, or by blocks.
  private func reference(_ kernels: UnsafePointer<mlt_kernels>) throws -> UnsafePointer<mlt_kernels> {
    let name = kernels.pointee.step == 2 ? "portable bf16" : "portable int16"
    let found = Self.narrowSets.compactMap { mlt_kernels_of_16_bits($0) }.first {
      String(cString: $0.pointee.name) == name
    }
    return try #require(found)
  }

  @Test(arguments: narrowSets, StoredForm.all)
  func `products of 16 bits agree with the portable ones, forward and back`(index: Int32, form: StoredForm)
    throws
  {
    let kernels = try narrow(index)
    for (place, shape) in shapes(form).enumerated() {
      for back in [false, true] {
        let product = try BlockedProduct(form, shape, place: place, back: back)
        let expected = product.run(try reference(kernels)).map(Double.init)
        #expect(relativeError(product.run(kernels), expected) < Self.tolerance, "\(product)")
      }
    }
  }

  @Test(arguments: narrowSets) func `products of 16 bits lose as much as their rounding loses`(index: Int32)
    throws
  {
    let kernels = try narrow(index)
    // Half an ulp of bf16 is 2^-9 of a value; half a step of a block is 1/11584 of its largest value. Both operands
    // are rounded, and signs are random.
    let tolerance = kernels.pointee.step == 2 ? 4e-3 : 4e-4
    for form in [StoredForm.floats[2], StoredForm.affine[7], StoredForm.affine[16]] {
      for back in [false, true] {
        let product = try BlockedProduct(form, (rows: 256, columns: 256), place: 6, back: back)
        #expect(relativeError(product.run(kernels), product.reference) < tolerance, "\(product)")
      }
    }
  }

  @Test(arguments: narrowSets) func `a large value spoils its own block alone`(index: Int32) throws {
    let kernels = try narrow(index)
    var product = try BlockedProduct(StoredForm.floats[2], (rows: 200, columns: 256), place: 6, back: false)
    for row in 0..<product.m { product.x[row * 256 + 17] *= 1000 }
    // The step of the block is then 1000/5792 of a value.
    #expect(relativeError(product.run(kernels), product.reference) < 4e-3)
  }

  @Test(arguments: sets, narrowSets) func `what is not finite makes its row not finite`(
    wide: Int32, narrow: Int32
  ) throws {
    for kernels in [try set(wide), try self.narrow(narrow)] {
      for back in [false, true] {
        for value in [Float.nan, .infinity, -.infinity] {
          var product = try BlockedProduct(
            StoredForm.floats[1], (rows: 130, columns: 140), place: 5, back: back)
          product.x[3 * product.k + 70] = value
          let y = product.run(kernels)
          for row in 0..<product.m {
            let values = y[row * product.n..<(row + 1) * product.n]
            #expect(
              values.allSatisfy { $0.isFinite == (row != 3) }, "\(product), \(value) in row 3, row \(row)")
          }
        }
      }
    }
  }

  @Test(arguments: narrowSets) func `tiny values become zeros and not garbage`(index: Int32) throws {
    var product = try BlockedProduct(StoredForm.floats[1], (rows: 70, columns: 70), place: 5, back: false)
    for place in product.x.indices { product.x[place] *= 0x1p-140 }
    #expect(product.run(try narrow(index)).allSatisfy { abs($0) < 0x1p-100 })
  }
}

/// A product to be computed by any kernel set, in pieces of two panels.
private struct BlockedProduct: CustomStringConvertible {
  let sample: StoredSample
  let m: Int
  let back: Bool
  var x: [Float]

  var k: Int { back ? sample.rows : sample.columns }

  var n: Int { back ? sample.columns : sample.rows }

  var reference: [Double] { sample.product(x, m: m, back: back) }

  var description: String {
    "\(m) rows, \(sample.form) [\(sample.rows), \(sample.columns)], back: \(back)"
  }

  init(_ form: StoredForm, _ shape: (rows: Int, columns: Int), place: Int, back: Bool) throws {
    sample = try StoredSample(form, rows: shape.rows, columns: shape.columns)
    m = [1, 2, 9, 10, 12, 13, 31][place % 7]
    self.back = back
    var random = Splitmix(state: 11)
    x = random.floats(m * (back ? shape.rows : shape.columns))
  }

  /// Y, or Y added to what is given.
  func run(_ kernels: UnsafePointer<mlt_kernels>, adding start: [Float]? = nil) -> [Float] {
    var matrix = sample.matrix
    var packed = [Float](repeating: .nan, count: Int(mlt_packed_lanes(kernels, Int64(m), Int64(k))))
    mlt_pack_rows(kernels, x, Int64(k), Int64(m), Int64(k), 0, Int64(m), &packed)
    var y = start ?? [Float](repeating: .nan, count: m * n)
    let piece = 2 * Int(kernels.pointee.nr)
    var scratch = [Float](repeating: .nan, count: Int(mlt_product_scratch(kernels, Int64(piece))))
    for begin in stride(from: 0, to: n, by: piece) {
      mlt_product(
        kernels, &matrix, back ? 1 : 0, Int64(m), packed, Int64(begin), Int64(min(n, begin + piece)), &y,
        Int64(n), start == nil ? 0 : 1, &scratch)
    }
    return y
  }
}
