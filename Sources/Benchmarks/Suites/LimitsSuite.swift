// The machine alone: memory, instructions, and OpenBLAS as the best product of floats that is around.

import SafeIO

/// The suite `limits`.
struct LimitsSuite {
  let harness: Harness

  init(_ harness: Harness) { self.harness = harness }

  func run() throws {
    for threads in harness.threadCounts {
      for limit in Limit.allCases {
        let peak = MachineLimits.peak(limit)
        guard limit == .read || limit == .copy || peak != nil else { continue }
        try harness.measure(limit, instructions: peak?.instructions, threads: threads)
      }
    }
    try products()
  }

  private func products() throws {
    let shape = harness.options.isTiny ? ProductShape(8, 32, 16) : ProductShape(512, 8192, 2048)
    let product = LibraryProduct(shape, seed: harness.options.seed)
    for threads in harness.threadCounts {
      try harness.measure(
        .init(suite: .limits, name: "OpenBLAS sgemm", shape: "\(shape)"), threads: threads, unit: .flops,
        amount: shape.operations, bound: .init(.f32, shape.operations)
      ) { product.run(threads: threads) }
      if threads > 1 { LibraryProduct.waitForThreads() }
    }
  }
}

extension Harness {
  /// Adds a limit itself as a result.
  fileprivate func measure(_ limit: Limit, instructions: String?, threads: Int) throws {
    var values: [Double] = []
    _ = limits.measure(limit, threads: threads)
    for _ in 0..<options.runs {
      try Interruption.check()
      if let value = limits.measure(limit, threads: threads) { values.append(value) }
    }
    add(
      BenchmarkResult(
        suite: .limits, name: limit.title, shape: instructions ?? "",
        settings: ["threads": .integer(threads)], unit: limit.unit, value: Spread(values), runs: values.count)
    )
  }
}
