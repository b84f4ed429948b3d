// An earlier run to compare with, row by row. Rows belong together when all but the numbers is equal: suite, name, shape,
// unit and settings.

import SafeIO

/// The results of an earlier run.
package struct Baseline: Sendable {
  /// How a row of this run compares.
  package struct Comparison: Sendable, Equatable {
    /// The earlier value; nil for a row that the earlier run did not have.
    package let value: Double?
    /// How many times better this run is: faster, sooner done or smaller.
    package let ratio: Double?
  }

  private let values: [String: Double]
  /// The rows in their order.
  private let identities: [String]
  /// The processor that they were measured on.
  package let processor: String?

  /// Reads what `mlt bench --json` has printed.
  ///
  /// - Throws: `Failure` that names the file.
  package init(path: String) throws(Failure) { try self.init(JSON.read(path: path), source: path) }

  /// - Throws: `Failure.badData` that names the place.
  package init(_ json: JSON, source: String) throws(Failure) {
    let fields = try Fields(json, source: source)
    processor = try fields.optionalFields("machine")?.optionalString("processor")
    var values: [String: Double] = [:]
    var identities: [String] = []
    for (index, element) in try fields.array("results").enumerated() {
      let row = try Fields(element, source: "\(source): result \(index)")
      let unit = try row.string("unit")
      guard Unit(rawValue: unit) != nil else {
        throw row.complaint(
          "unit", "'\(unit)' is not known\(Spelling.suggestion(for: unit, among: Unit.names))")
      }
      let identity = try BenchmarkResult.identity(
        suite: row.string("suite"), name: row.string("name"), shape: row.string("shape"), unit: unit,
        settings: row.fields("settings").object)
      if values.updateValue(try row.double("value"), forKey: identity) == nil { identities.append(identity) }
    }
    self.values = values
    self.identities = identities
  }

  /// What the earlier run has for this row.
  package func comparison(_ result: BenchmarkResult) -> Comparison {
    guard let earlier = values[result.identity] else { return Comparison(value: nil, ratio: nil) }
    let now = result.value.median
    let (better, worse) = result.unit.isRate ? (now, earlier) : (earlier, now)
    return Comparison(value: earlier, ratio: worse > 0 ? better / worse : nil)
  }

  /// Rows of the earlier run, of suites that ran now, that this one does not have.
  package func missing(in results: [BenchmarkResult], suites: [BenchmarkSuite]) -> [String] {
    let present = Set(results.map(\.identity))
    return identities.filter { identity in
      !present.contains(identity) && suites.contains { identity.hasPrefix($0.rawValue + " ") }
    }
  }
}

extension Unit {
  static var names: [String] { allCases.map(\.rawValue) }
}
