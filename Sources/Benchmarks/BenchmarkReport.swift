// A whole run as a JSON object.

import SafeIO

/// What a run has measured.
package struct BenchmarkReport: Sendable {
  package let options: BenchmarkOptions
  package let suites: [BenchmarkSuite]
  package let results: [BenchmarkResult]
  package let baseline: Baseline?
  package let warnings: [String]

  package init(
    options: BenchmarkOptions, suites: [BenchmarkSuite], results: [BenchmarkResult], baseline: Baseline?,
    warnings: [String]
  ) {
    self.options = options
    self.suites = suites
    self.results = results
    self.baseline = baseline
    self.warnings = warnings
  }

  /// Rows of the baseline that this run lacks.
  package var missing: [String] { baseline?.missing(in: results, suites: suites) ?? [] }

  /// - Parameter version: of the program.
  package func json(version: String) -> JSON {
    var report: JSONObject = [
      "version": 1, "tool_version": .string(version), "machine": Machine.json,
      "threads": .integer(options.threads), "seed": .integer(options.seed), "repeat": .integer(options.runs),
      "suites": .array(suites.map { .string($0.rawValue) }), "limits": limits,
      "results": .array(
        results.map { result in
          guard let baseline, case .object(var row) = result.json else { return result.json }
          let comparison = baseline.comparison(result)
          row["baseline"] = comparison.value.map(JSON.double) ?? .null
          row["ratio"] = comparison.ratio.map(JSON.double) ?? .null
          return .object(row)
        }),
      "warnings": .array(warnings.map(JSON.string)),
    ]
    if baseline != nil { report["missing"] = .array(missing.map(JSON.string)) }
    return .object(report)
  }

  /// The rows of the suite `limits`, by threads and name.
  private var limits: JSON {
    var byThreads = JSONObject()
    for result in results where result.suite == .limits {
      guard let threads = result.settings["threads"]?.intValue else { continue }
      var rows = byThreads["\(threads)"]?.objectValue ?? JSONObject()
      rows[result.name] = ["value": .double(result.value.median), "unit": .string(result.unit.rawValue)]
      byThreads["\(threads)"] = .object(rows)
    }
    return .object(byThreads)
  }
}
