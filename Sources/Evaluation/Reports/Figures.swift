// Measurements of records in words, the same on the terminal and in HTML; what was not measured is a dash.

import SafeIO

/// How measurements are written.
package enum Figures {
  package static let missing = "–"

  package static func bytes(_ count: Double?) -> String {
    count.flatMap { Int(exactly: $0.rounded()) }.map(Words.bytes) ?? missing
  }

  package static func fixed(_ value: Double?, _ digits: Int) -> String {
    value.map { Words.fixed($0, digits) } ?? missing
  }

  package static func seconds(_ value: Double?) -> String { value.map(Words.latency) ?? missing }

  package static func small(_ value: Double?) -> String { value.map(Words.small) ?? missing }
}
