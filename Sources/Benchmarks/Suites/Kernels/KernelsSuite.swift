// The kernels one by one, at the sizes at which models use them.

import SafeIO
import TensorCore

/// The suite `kernels`.
struct KernelsSuite {
  let harness: Harness
  /// Rows, outputs and inputs of the products of one float type that training computes.
  private let floatShapes: [ProductShape]
  /// Those with stored weights.
  private let storedShapes: [ProductShape]

  init(_ harness: Harness) {
    self.harness = harness
    let options = harness.options
    if options.isShapeChosen {
      let (rows, wide, narrow) = (options.prompt, options.shape.intermediate, options.shape.hidden)
      let both = [ProductShape(rows, wide, narrow), ProductShape(rows, narrow, wide)]
      (floatShapes, storedShapes) = (both, both)
    } else {
      storedShapes = [ProductShape(512, 8192, 2048)]
      floatShapes = [ProductShape(2048, 1536, 576), ProductShape(2048, 576, 1536)] + storedShapes
    }
  }

  func run() throws {
    for threads in harness.threadCounts {
      for shape in floatShapes { try floatProduct(shape, threads: threads) }
      for shape in storedShapes { try storedProducts(shape, threads: threads) }
      for shape in storedShapes { try vectorProducts(shape, threads: threads) }
      try AttentionKernels(harness).run(threads: threads)
      try RowKernels(harness).run(threads: threads)
    }
    try ByteKernels(harness).run()
  }

  private func floatProduct(_ shape: ProductShape, threads: Int) throws {
    let seed = harness.options.seed
    let x = RandomNumbers.tensor([shape.rows, shape.inputs], seed: seed)
    let w = RandomNumbers.tensor(
      [shape.outputs, shape.inputs], deviation: RandomNumbers.weightDeviation, seed: seed + 1)
    try harness.measure(
      .init(suite: .kernels, name: "GEMM f32", shape: "\(shape)"), threads: threads, unit: .flops,
      amount: shape.operations, bound: .init(.f32, shape.operations), rival: sgemm(shape, threads)
    ) { _ = x.linear(w) }
  }

  /// Products of many rows with each kind of stored weights, and the products back that training needs.
  private func storedProducts(_ shape: ProductShape, threads: Int) throws {
    let options = harness.options
    let x = RandomNumbers.tensor([shape.rows, shape.inputs], seed: options.seed)
    let dy = RandomNumbers.tensor([shape.rows, shape.outputs], seed: options.seed + 2)
    let rival = sgemm(shape, threads)
    for format in WeightFormatChoice.all(options) {
      for arithmetic in format.arithmetics(options) {
        let w = try format.matrix(
          rows: shape.outputs, columns: shape.inputs, arithmetic: arithmetic, seed: options.seed)
        let settings = format.settings(arithmetic)
        try harness.measure(
          .init(suite: .kernels, name: "GEMM \(format)", shape: "\(shape)", settings: settings),
          threads: threads, unit: .flops, amount: shape.operations,
          bound: .init(format.limit(arithmetic, rows: shape.rows), shape.operations), rival: rival
        ) { _ = w.multiply(x) }
        guard arithmetic != .eightBit else { continue }  // which training does not use
        try harness.measure(
          .init(suite: .kernels, name: "GEMM \(format) back", shape: "\(shape)", settings: settings),
          threads: threads, unit: .flops, amount: shape.operations,
          bound: .init(format.limit(arithmetic, rows: shape.rows), shape.operations), rival: rival
        ) { _ = w.multiplyBack(dy) }
      }
    }
  }

  /// Products of one row: the bytes of the weights are the cost, so as many matrices are walked through as no cache holds.
  private func vectorProducts(_ shape: ProductShape, threads: Int) throws {
    let options = harness.options
    let x = RandomNumbers.tensor([1, shape.inputs], seed: options.seed)
    for format in WeightFormatChoice.all(options) {
      // In 16 bits a row is multiplied as it is exactly.
      for arithmetic in format.arithmetics(options) where arithmetic != .sixteenBit {
        var matrices: [any WeightMatrix] = []
        var bytes = 0
        repeat {
          let next = try format.matrix(
            rows: shape.outputs, columns: shape.inputs, arithmetic: arithmetic,
            seed: options.seed + matrices.count)
          matrices.append(next)
          bytes += next.byteCount
        } while bytes < (options.isTiny ? 1 << 16 : 300 << 20)
        try harness.measure(
          .init(
            suite: .kernels, name: "GEMV \(format)", shape: "1x\(shape.outputs)x\(shape.inputs)",
            settings: format.settings(arithmetic)),
          threads: threads, unit: .bandwidth, amount: Double(bytes), bound: .init(.read, Double(bytes))
        ) { for w in matrices { _ = w.multiply(x) } }
      }
    }
  }

  private func sgemm(_ shape: ProductShape, _ threads: Int) -> Harness.Contender {
    let product = LibraryProduct(shape, seed: harness.options.seed)
    return Harness.Contender(
      name: "OpenBLAS sgemm", body: { product.run(threads: threads) },
      rest: { if threads > 1 { LibraryProduct.waitForThreads() } })
  }
}
