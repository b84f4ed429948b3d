// One row of a benchmark: what was measured, how fast it was, and how fast the machine was at the same time.

import SafeIO

/// What a value counts.
package enum Unit: String, Sendable, CaseIterable {
  /// 10⁹ multiplications and additions of floats a second.
  case flops = "GFLOP/s"
  /// The same of integers.
  case operations = "GOP/s"
  /// 10⁹ bytes a second.
  case bandwidth = "GB/s"
  case tokens = "tokens/s"
  case seconds = "s"
  case bytes

  /// Whether more of it is better.
  package var isRate: Bool { self != .seconds && self != .bytes }
}

/// A measurement with the conditions under which it holds.
package struct BenchmarkResult: Sendable, Equatable {
  /// The best that the machine could do while the work ran.
  package struct Limit: Sendable, Equatable {
    /// The key of `MachineLimits`, such as `read` or `int8`.
    package let name: String
    /// In the unit of the result.
    package let value: Double
    /// The median over the runs of value / limit, each with the limit measured beside it.
    package let share: Double
  }

  /// Another way to do the same, run in turn with it.
  package struct Rival: Sendable, Equatable {
    package let name: String
    package let value: Double
    /// The median over the runs of how many times faster the work was.
    package let ratio: Double
  }

  package let suite: BenchmarkSuite
  package let name: String
  /// Sizes, such as `512x8192x2048` (rows x outputs x inputs) or `llama-1b`.
  package let shape: String
  /// What else the value depends on: threads, bits, batch.
  package let settings: JSONObject
  package let unit: Unit
  package let value: Spread
  package let runs: Int
  package let limit: Limit?
  package let rival: Rival?

  package init(
    suite: BenchmarkSuite, name: String, shape: String, settings: JSONObject, unit: Unit, value: Spread,
    runs: Int,
    limit: Limit? = nil, rival: Rival? = nil
  ) {
    self.suite = suite
    self.name = name
    self.shape = shape
    self.settings = settings
    self.unit = unit
    self.value = value
    self.runs = runs
    self.limit = limit
    self.rival = rival
  }

  /// What makes results of two runs comparable: all but the numbers.
  package var identity: String {
    Self.identity(suite: suite.rawValue, name: name, shape: shape, unit: unit.rawValue, settings: settings)
  }

  static func identity(
    suite: String, name: String, shape: String, unit: String, settings: JSONObject
  ) -> String {
    let settings = settings.map { "\($0.0)=\($0.1.text())" }.sorted { $0.precedes($1) }
    return ([suite, name, shape, unit] + settings).joined(separator: " ")
  }

  /// The same measurement as the time that `amount` of its unit takes; limits and rivals stand in the rate.
  func seconds(for amount: Double, named name: String) -> BenchmarkResult {
    BenchmarkResult(
      suite: suite, name: name, shape: shape, settings: settings, unit: .seconds,
      value: Spread(median: amount / value.median, least: amount / value.most, most: amount / value.least),
      runs: runs)
  }

  package var json: JSON {
    var object: JSONObject = [
      "suite": .string(suite.rawValue), "name": .string(name), "shape": .string(shape),
      "settings": .object(settings),
      "unit": .string(unit.rawValue), "value": .double(value.median),
      "spread": ["min": .double(value.least), "max": .double(value.most)], "runs": .integer(runs),
      "limit": .null, "share": .null,
    ]
    if let limit {
      object["limit"] = ["name": .string(limit.name), "value": .double(limit.value)]
      object["share"] = .double(limit.share)
    }
    if let rival {
      object["beside"] = [
        "name": .string(rival.name), "value": .double(rival.value), "ratio": .double(rival.ratio),
      ]
    }
    return .object(object)
  }
}
