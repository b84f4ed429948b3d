// Numbers in words, one way for the terminal, reports and reasons, whatever the locale.

import Glibc

/// Sizes, times and rates as a person reads them.
package enum Words {
  /// `4.2 MB`, powers of 1000.
  package static func bytes(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["B", "kB", "MB", "GB"] {
      if value < 1000 { return unit == "B" ? "\(count) B" : "\(fixed(value, value < 10 ? 2 : 1)) \(unit)" }
      value /= 1000
    }
    return "\(fixed(value, 2)) TB"
  }

  /// `1 row`, `2 rows`.
  package static func count(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
  }

  /// `0.8 s`, `2 min 05 s`, `1 h 20 min`.
  package static func seconds(_ seconds: Double) -> String {
    if seconds < 60 { return "\(fixed(seconds, seconds < 10 ? 2 : 1)) s" }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
    return "\(whole / 3600) h \(padded(whole / 60 % 60)) min"
  }

  /// A time that is short as a rule: milliseconds below one second.
  package static func latency(_ seconds: Double) -> String {
    seconds < 1 ? "\(fixed(seconds * 1000, seconds < 0.01 ? 1 : 0)) ms" : Words.seconds(seconds)
  }

  /// A number with `digits` decimals.
  package static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (value.magnitude * scale).rounded()
    guard scaled < 9e15 else { return "\(value)" }
    let whole = Int(scaled)
    let sign = value < 0 && whole > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    let fraction = String(whole % Int(scale))
    return "\(sign)\(whole / Int(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
  }

  /// At least four significant digits; a whole number as it is.
  package static func significant(_ value: Double) -> String {
    guard value.isFinite else { return fixed(value, 0) }
    if value == value.rounded() && value.magnitude < 1e15 { return "\(Int(value))" }
    var scale = 1.0
    while value.magnitude * scale < 1_000 && scale < 1e12 { scale *= 10 }
    return "\((value * scale).rounded() / scale)"
  }

  /// Four decimals, or as many as tell a small number from 0: `0.0123`, `3.2e-05`.
  package static func small(_ value: Double) -> String {
    guard value > 0, value < 0.001 else { return fixed(value, 4) }
    let scale = pow(10, 1 - log10(value).rounded(.down))
    return "\((value * scale).rounded() / scale)"
  }

  private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
