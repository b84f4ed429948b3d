// Weight matrices as models see them.

import SafeIO
import TensorCore
import Testing

@Suite(.serialized) struct `Weight matrices` {
  private func bits(_ tensor: Tensor) -> [UInt32] { tensor.floats().map(\.bitPattern) }

  @Test(arguments: StoredForm.all)
  func `products, rows and the whole matrix agree with the stored values`(form: StoredForm) throws {
    let (rows, columns) = (70, form.group > 1 ? form.columns(3) : 77)
    let sample = try StoredSample(form, rows: rows, columns: columns)
    #expect(sample.weights.rows == rows)
    #expect(sample.weights.columns == columns)
    #expect(sample.weights.expanded().floats() == sample.values)
    #expect(sample.weights.expanded().shape == [rows, columns])
    let ids: [Int32] = [69, 0, 5, 5]
    #expect(
      sample.weights.gather(ids).floats()
        == ids.flatMap { sample.values[Int($0) * columns..<(Int($0) + 1) * columns] })
    var random = Splitmix(state: 3)
    for m in [0, 1, 4, 8, 9, 40] {
      let (x, dy) = (random.floats(m * columns), random.floats(m * rows))
      let y = sample.weights.multiply(Tensor(x, shape: [m, columns]))
      let dx = sample.weights.multiplyBack(Tensor(dy, shape: [m, rows]))
      #expect(y.shape == [m, rows] && dx.shape == [m, columns])
      // f32 sums of some 400 products; see the kernels' own tests.
      #expect(relativeError(y.floats(), sample.product(x, m: m, back: false)) < 1e-5)
      #expect(relativeError(dx.floats(), sample.product(dy, m: m, back: true)) < 1e-5)
    }
  }

  @Test(arguments: [1, 16, 77, 130]) func `columns may belong to any group`(columns: Int) throws {
    let (rows, groups) = (19, 5)
    var random = Splitmix(state: 9)
    let codes = (0..<rows * columns).map { _ in UInt8.random(in: 0...255, using: &random) }
    let (scales, zeros) = (random.floats(rows * groups), (0..<rows * groups).map { Float($0 * 3 % 256) })
    let list = (0..<columns).map { _ in Int32.random(in: 0..<Int32(groups), using: &random) }
    let stored = Tensor.uninitialized([rows, columns], dtype: .u8)
    stored.withMutableBytes { $0.copyBytes(from: codes) }
    let weights = GroupedScaledWeights(
      .uint8, codes: stored, columns: columns, scales: Tensor(scales, shape: [rows, groups]),
      zeros: Tensor(zeros, shape: [rows, groups]), groups: .listed(Tensor(list, shape: [columns])))
    let values = (0..<rows * columns).map { index in
      let place = index / columns * groups + Int(list[index % columns])
      return (Float(codes[index]) - zeros[place]) * scales[place]
    }
    #expect(weights.expanded().floats() == values)
    let x = random.floats(9 * columns)
    let expected = (0..<9 * rows).map { place in
      (0..<columns).reduce(0.0) {
        $0 + Double(x[place / rows * columns + $1]) * Double(values[place % rows * columns + $1])
      }
    }
    let y = weights.multiply(Tensor(x, shape: [9, columns])).floats()
    #expect(relativeError(y, expected) < 1e-5)
  }

  @Test(arguments: [StoredForm.floats[1], StoredForm.affine[7]], [Arithmetic.exact, .sixteenBit])
  func `more rows than are packed at a time are summed whole`(form: StoredForm, arithmetic: Arithmetic) throws
  {
    let (rows, columns, m) = (4_133, form.isAffine ? 3 * form.group : 77, 9)
    let sample = try StoredSample(form, rows: rows, columns: columns, arithmetic: arithmetic)
    var random = Splitmix(state: 5)
    let dy = random.floats(m * rows)
    let dx = sample.weights.multiplyBack(Tensor(dy, shape: [m, rows]))
    #expect(relativeError(dx.floats(), sample.product(dy, m: m, back: true)) < 1e-5)
  }

  @Test(
    arguments: [StoredForm.floats[0], StoredForm.floats[1], StoredForm.affine[7], StoredForm.affine[16]],
    Arithmetic.allCases)
  func `the number of threads changes no bit`(form: StoredForm, arithmetic: Arithmetic) throws {
    let threads = ThreadPool.shared.threads
    defer { ThreadPool.shared.threads = threads }
    let sample = try StoredSample(form, rows: 1100, columns: 640, arithmetic: arithmetic)
    var random = Splitmix(state: 5)
    for m in [1, 7, 64] {
      let x = Tensor(random.floats(m * 640), shape: [m, 640])
      let dy = Tensor(random.floats(m * 1100), shape: [m, 1100])
      let results = [1, 2, 3].map { count in
        ThreadPool.shared.threads = count
        return [
          bits(sample.weights.multiply(x)), bits(sample.weights.multiplyBack(dy)),
          bits(sample.weights.expanded()),
        ]
      }
      #expect(results[0] == results[1])
      #expect(results[0] == results[2])
    }
  }

  @Test(arguments: StoredForm.all)
  func `16-bit products lose what rounding to 16 bits loses`(form: StoredForm) throws {
    let sample = try StoredSample(form, rows: 90, columns: 640, arithmetic: .sixteenBit)
    var random = Splitmix(state: 13)
    let (x, dy) = (random.floats(40 * 640), random.floats(40 * 90))
    let y = sample.weights.multiply(Tensor(x, shape: [40, 640])).floats()
    let dx = sample.weights.multiplyBack(Tensor(dy, shape: [40, 90])).floats()
    // Two operands in bf16: see the kernels' own tests.
    #expect(relativeError(y, sample.product(x, m: 40, back: false)) < 4e-3)
    #expect(relativeError(dx, sample.product(dy, m: 40, back: true)) < 4e-3)
  }

  @Test func `narrow matrices and f32 weights are always multiplied exactly`() throws {
    for (form, columns) in [
      (StoredForm.floats[1], 512), (StoredForm.affine[7], 512), (StoredForm.floats[0], 640),
    ] {
      let exact = try StoredSample(form, rows: 40, columns: columns)
      let rounding = try StoredSample(form, rows: 40, columns: columns, arithmetic: .sixteenBit)
      var random = Splitmix(state: 15)
      let x = Tensor(random.floats(20 * columns), shape: [20, columns])
      #expect(bits(exact.weights.multiply(x)) == bits(rounding.weights.multiply(x)))
    }
  }

  @Test(arguments: Arithmetic.allCases)
  func `matrices that share activations give what each gives alone`(arithmetic: Arithmetic) throws {
    let matrices = try [(StoredForm.floats[1], 100), (StoredForm.affine[7], 64), (StoredForm.floats[0], 30)]
      .map {
        try StoredSample($0, rows: $1, columns: 640, arithmetic: arithmetic).weights
      }
    var random = Splitmix(state: 17)
    for m in [3, 21] {
      let x = Tensor(random.floats(m * 640), shape: [m, 640])
      let dys = matrices.map { Tensor(random.floats(m * $0.rows), shape: [m, $0.rows]) }
      #expect(Gemm.multiply(x, by: matrices).map(bits) == matrices.map { bits($0.multiply(x)) })
      let parts = zip(dys, matrices).map { $1.multiplyBack($0) }
      #expect(bits(Gemm.multiplyBack(dys, by: matrices)) == bits(parts[0] + parts[1] + parts[2]))
    }
  }

  @Test func `a row of a batch has the same bits alone and among few others`() throws {
    let sample = try StoredSample(StoredForm.affine[7], rows: 100, columns: 256)
    var random = Splitmix(state: 9)
    let x = random.floats(8 * 256)
    let together = sample.weights.multiply(Tensor(x, shape: [8, 256])).floats()
    for row in 0..<8 {
      let alone = sample.weights.multiply(Tensor(Array(x[row * 256..<(row + 1) * 256]), shape: [1, 256]))
        .floats()
      #expect(alone == Array(together[row * 100..<(row + 1) * 100]))
    }
  }

  @Test func `other float types are widened on the way in`() {
    let weights = DenseWeights(Tensor([1.5, -2, 3, 4], shape: [2, 2]).cast(to: .f64))
    #expect(weights.values.dtype == .f32)
    #expect(weights.expanded().floats() == [1.5, -2, 3, 4])
  }

  @Test func `bytes are counted with scales and biases`() throws {
    #expect(
      try StoredSample(StoredForm.affine[7], rows: 10, columns: 128).weights.byteCount == 10
        * (64 + 2 * 2 * 2))
    #expect(try StoredSample(StoredForm.floats[1], rows: 10, columns: 7).weights.byteCount == 140)
  }

  @Test func `tensors that do not belong together are refused with the reason`() throws {
    let codes = Tensor.zeros([4, 8], dtype: .u32)
    let scales = Tensor.zeros([4, 1], dtype: .bf16)
    func problem(_ codes: Tensor, _ scales: Tensor, _ biases: Tensor, _ bits: Int, _ group: Int) -> String {
      do {
        _ = try GroupedAffineWeights(
          codes: codes, scales: scales, biases: biases, bits: bits, groupSize: group,
          place: "m.safetensors: 'w'")
        return "accepted"
      } catch {
        return error.message
      }
    }
    #expect(problem(codes, scales, scales, 4, 64) == "accepted")
    #expect(problem(codes, scales, scales, 7, 64).contains("7 bits in groups of 64 are not supported"))
    #expect(problem(codes, scales, scales, 4, 48).contains("groups 32, 64 or 128"))
    #expect(problem(scales, scales, scales, 4, 64).contains("must be a u32 matrix, not bf16 [4, 1]"))
    #expect(problem(codes, scales, scales, 5, 64).contains("do not hold whole groups of 64 codes of 5 bits"))
    #expect(problem(codes, scales, scales, 8, 64).contains("do not hold whole groups"))
    #expect(
      problem(codes, scales, scales, 4, 32).contains("the scales must be floats [4, 2] to fit the codes"))
    #expect(problem(codes, scales, codes, 4, 64).contains("the biases must be floats [4, 1]"))
    #expect(problem(codes, scales, Tensor.zeros([4, 1]), 4, 64).contains("scales are bf16 but biases f32"))
  }
}
