// How everything is measured: once to warm up, then in turn the limit, the rival and the work, as often as asked. What
// is reported as a share or a ratio is the median over these rounds, each with its own limit, so that a machine whose
// speed moves from minute to minute gives the same share all the same.

import SafeIO
import TensorCore

/// Measures, and keeps the results.
package final class Harness {
  package let options: BenchmarkOptions
  let limits: MachineLimits
  package private(set) var results: [BenchmarkResult] = []
  private let progress: (any ProgressReporting)?

  package init(_ options: BenchmarkOptions, progress: (any ProgressReporting)?) {
    self.options = options
    self.progress = progress
    limits = MachineLimits(isTiny: options.isTiny)
  }

  /// What bounds a run: so many bytes or operations of this kind.
  struct Bound {
    /// Bytes or operations in one run of the work; the part that takes longest decides.
    private var parts: [(limit: Limit, amount: Double)]

    init(_ limit: Limit, _ amount: Double) { parts = [(limit, amount)] }

    /// Both, side by side.
    func and(_ limit: Limit, _ amount: Double) -> Bound {
      var both = self
      both.parts.append((limit, amount))
      return both
    }

    /// The shortest time that a run can take now, and what decides it; nil where the machine has no such instruction.
    func shortest(_ limits: MachineLimits, threads: Int) -> (seconds: Double, limit: Limit)? {
      parts.compactMap { part in
        limits.measure(part.limit, threads: threads).map { (part.amount / ($0 * 1e9), part.limit) }
      }.max { $0.0 < $1.0 }
    }
  }

  /// Another way to do the same work.
  struct Contender {
    let name: String
    let body: () throws -> Void
    /// What has to happen before the machine is quiet again; not measured.
    var rest: () -> Void = {}
  }

  /// What a run is called and what it depends on.
  struct Subject {
    let suite: BenchmarkSuite
    let name: String
    let shape: String
    var settings: JSONObject = [:]
  }

  /// Measures `body`.
  ///
  /// - Parameters:
  ///   - threads: what the pool is set to; also a setting of the result.
  ///   - amount: how much of the unit one run is: operations, bytes or tokens; 1 for seconds.
  ///   - bound: the limit of a run; none is reported where the machine has no such instruction.
  ///   - before: makes a run ready; not measured.
  ///   - body: one run. What takes less than a twentieth of a second is repeated within a measurement.
  /// - Returns: the result, which is added to the others.
  @discardableResult
  func measure(
    _ subject: Subject, threads: Int, unit: Unit, amount: Double, bound: Bound? = nil,
    rival: Contender? = nil, before: () throws -> Void = {}, body: () throws -> Void
  ) throws -> BenchmarkResult {
    try Interruption.check()
    progress?.begin("\(subject.suite.rawValue): \(subject.name) \(subject.shape)", total: options.runs)
    defer { progress?.end(summary: nil) }
    var seconds: [Double] = []
    var rivalSeconds: [Double] = []
    var best: [(seconds: Double, limit: Limit)] = []
    func once() throws -> Double {
      try before()
      return try withThreads(threads) { try Stopwatch.seconds(body) }
    }
    let first = try once()
    // The first run may also have made something ready; the second says how long a run takes.
    let repetitions = repetitions(of: first < 0.5 ? try once() : first)
    try rival?.body()
    rival?.rest()
    for run in 0..<options.runs {
      try Interruption.check()
      if let shortest = bound?.shortest(limits, threads: threads) { best.append(shortest) }
      if let rival {
        rivalSeconds.append(try Stopwatch.seconds(rival.body))
        rival.rest()
      }
      let total = try (0..<repetitions).reduce(0.0) { total, _ in try total + once() }
      seconds.append(total / Double(repetitions))
      progress?.advance(to: run + 1, detail: "")
    }
    func value(_ seconds: Double) -> Double { Harness.value(unit, amount: amount, seconds: seconds) }
    func median(_ values: [Double]) -> Double { Spread(values).median }
    let result = BenchmarkResult(
      suite: subject.suite, name: subject.name, shape: subject.shape,
      settings: (["threads": .integer(threads)] as JSONObject).merging(subject.settings), unit: unit,
      value: Spread(seconds.map(value)), runs: options.runs,
      limit: best.last.map {
        BenchmarkResult.Limit(
          name: $0.limit.rawValue, value: value(median(best.map(\.seconds))),
          share: median(zip(best, seconds).map { $0.seconds / $1 }))
      },
      rival: rival.map {
        BenchmarkResult.Rival(
          name: $0.name, value: value(median(rivalSeconds)),
          ratio: median(zip(rivalSeconds, seconds).map { $0 / $1 }))
      })
    results.append(result)
    return result
  }

  /// Adds a result that was measured otherwise.
  func add(_ result: BenchmarkResult) { results.append(result) }

  /// The numbers of threads that are compared: one and all.
  var threadCounts: [Int] { options.threads > 1 ? [1, options.threads] : [1] }

  /// How often a run is repeated within a measurement, so that the clock's grain and the pool's waking up do not show.
  private func repetitions(of seconds: Double) -> Int {
    options.isTiny ? 1 : max(1, Int((0.05 / max(seconds, 1e-6)).rounded(.up)))
  }

  private static func value(_ unit: Unit, amount: Double, seconds: Double) -> Double {
    switch unit {
    case .flops, .operations, .bandwidth: amount / seconds / 1e9
    case .tokens: amount / seconds
    case .seconds: seconds / amount
    case .bytes: amount
    }
  }
}
