// Numbers of records in words, the same on the terminal and in HTML.

import Foundation

/// How measurements are written.
package enum Figures {
  package static let missing = "–"

  /// `4.0 MB`, powers of 1000.
  package static func bytes(_ count: Double?) -> String {
    guard let count else { return missing }
    var value = count
    for unit in ["B", "kB", "MB", "GB"] {
      if value < 1000 {
        return unit == "B" ? "\(Int(value)) B" : "\(fixed(value, value < 10 ? 2 : 1)) \(unit)"
      }
      value /= 1000
    }
    return "\(fixed(value, 2)) TB"
  }

  /// A number with `digits` decimals, whatever the locale.
  package static func fixed(_ value: Double?, _ digits: Int) -> String {
    value.map { String(format: "%.\(digits)f", $0) } ?? missing
  }

  /// Milliseconds below one second, else seconds.
  package static func seconds(_ value: Double?) -> String {
    guard let value else { return missing }
    return value < 1 ? "\(fixed(value * 1000, value < 0.01 ? 1 : 0)) ms" : "\(fixed(value, 2)) s"
  }

  /// A small number with enough digits to be told from 0.
  package static func small(_ value: Double?) -> String {
    guard let value else { return missing }
    return value == 0 || value >= 0.001 ? fixed(value, 4) : String(format: "%.1e", value)
  }
}
