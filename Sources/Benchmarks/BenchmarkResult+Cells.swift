// A result as a row of a table, for a person.

import SafeIO

extension BenchmarkResult {
  /// The headings of `cells`.
  package static func headings(comparing: Bool) -> [String] {
    ["", "shape", "with", "median", "from", "to", "unit", "limit", "share", "beside"]
      + (comparing ? ["ratio"] : [])
  }

  /// The result for a table; `ratio` is how it compares with the baseline, if there is one.
  package func cells(_ comparison: Baseline.Comparison?) -> [String] {
    var cells = [
      name, shape, settingsText, number(value.median), number(value.least), number(value.most),
      unit == .bytes ? "" : unit.rawValue,
      limit.map { "\(number($0.value)) \($0.name)" } ?? "",
      limit.map { "\(Words.fixed($0.share * 100, 0)) %" } ?? "",
      rival.map { "\(Words.fixed($0.ratio, 2)) x \($0.name)" } ?? "",
    ]
    if let comparison { cells.append(comparison.ratio.map { "\(Words.fixed($0, 2))" } ?? "new") }
    return cells
  }

  private var settingsText: String {
    settings.map { key, value in
      switch (key, value) {
      case ("threads", .integer(let count)): Words.count(count, "thread")
      case (_, .string(let text)): text
      default: "\(key.replacing("_", with: " ")) \(value.text())"
      }
    }.joined(separator: ", ")
  }

  private func number(_ value: Double) -> String {
    switch unit {
    case .bytes: Words.bytes(Int(value))
    case .seconds: value < 1 ? Words.fixed(value, 4) : Words.fixed(value, 2)
    default: Words.fixed(value, value < 10 ? 2 : value < 1000 ? 1 : 0)
    }
  }
}
