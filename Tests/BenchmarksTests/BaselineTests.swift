import Benchmarks
import SafeIO
import Testing

/// Comparing with an earlier run.
@Suite struct BaselineTests {
  private func result(
    _ value: Double, unit: Unit = .flops, name: String = "GEMM", threads: Int = 1, shape: String = "1x2x3"
  ) -> BenchmarkResult {
    BenchmarkResult(
      suite: .kernels, name: name, shape: shape, settings: ["threads": .integer(threads), "bits": 4],
      unit: unit,
      value: Spread([value]), runs: 1)
  }

  private func baseline(_ results: [BenchmarkResult]) throws -> Baseline {
    try Baseline(["results": .array(results.map(\.json))], source: "before.json")
  }

  @Test func `a rate that doubled is twice as good`() throws {
    let comparison = try baseline([result(10)]).comparison(result(20))
    #expect(comparison.value == 10 && comparison.ratio == 2)
  }

  @Test(arguments: [Unit.seconds, .bytes]) func `a time or size that halved is twice as good`(unit: Unit)
    throws
  {
    #expect(try baseline([result(10, unit: unit)]).comparison(result(5, unit: unit)).ratio == 2)
  }

  @Test func `a row with another name, shape, setting or unit is another row`() throws {
    let baseline = try baseline([result(10)])
    for other in [
      result(10, name: "GEMV"), result(10, shape: "1x2x4"), result(10, threads: 2),
      result(10, unit: .operations),
    ] {
      #expect(baseline.comparison(other).value == nil && baseline.comparison(other).ratio == nil)
    }
  }

  @Test func `the order of settings does not matter`() throws {
    let other = BenchmarkResult(
      suite: .kernels, name: "GEMM", shape: "1x2x3", settings: ["bits": 4, "threads": 1], unit: .flops,
      value: Spread([30]), runs: 1)
    #expect(try baseline([result(10)]).comparison(other).ratio == 3)
  }

  @Test func `rows that only the baseline has are named, of suites that ran`() throws {
    let baseline = try baseline([result(10), result(10, name: "GEMV")])
    #expect(baseline.missing(in: [result(1)], suites: [.kernels]) == [result(1, name: "GEMV").identity])
    #expect(baseline.missing(in: [], suites: [.limits]).isEmpty)
  }

  @Test func `what is no result of a benchmark is refused with its place`() {
    #expect {
      try Baseline(["results": [["suite": "kernels", "name": "x"]]], source: "before.json")
    } throws: { "\($0)".contains("before.json: result 0") }
  }
}
