// What a person sees: results on standard output, everything else on standard error. Text that came from files or
// models is stripped of control characters, so that it can't drive the terminal.

import Glibc
import SafeIO

/// Printing for commands.
enum Console {
  /// Whether standard error is a terminal.
  static let isInteractive = isatty(STDERR_FILENO) == 1

  /// One sentence on standard error, with the program's name.
  static func error(_ message: String) { note("mlt: \(message)") }

  /// A line on standard error.
  static func note(_ text: String) {
    write(clean(text) + "\n", to: STDERR_FILENO)
  }

  /// Text on standard error as it is, for what moves the cursor.
  static func draw(_ text: String) { write(text, to: STDERR_FILENO) }

  /// A result on standard output.
  static func print(_ text: String) { stream(text + "\n") }

  /// Text on standard output as it comes, without a newline.
  static func stream(_ text: String) { write(text, to: STDOUT_FILENO) }

  /// One JSON value, on one line, on standard output.
  static func print(json value: JSON) { print(value.text(.python)) }

  /// Rows under headings, columns aligned: text to the left, numbers to the right.
  static func table(_ headings: [String], _ rows: [[String]]) -> String {
    let all = [headings] + rows
    let widths = headings.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    let isNumber = headings.indices.map { column in
      rows.allSatisfy { row in row[column].first.map { $0.isNumber || "-+–".contains($0) } ?? true }
    }
    return all.map { row in
      let cells = row.indices.map { column in
        let padding = String(repeating: " ", count: widths[column] - row[column].count)
        return isNumber[column] ? padding + row[column] : row[column] + padding
      }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }

  /// `text` without control characters other than newline and tab.
  static func clean(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.filter { scalar in
          scalar == "\n" || scalar == "\t" || !(scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value))
        }))
  }

  /// Writes at once, unbuffered.
  ///
  /// A result that can't be delivered ends the command; a note that can't is dropped.
  private static func write(_ text: String, to descriptor: Int32) {
    do {
      try Array(text.utf8).withUnsafeBytes { bytes in
        try Files.writeAll(bytes, to: descriptor, path: "standard output")
      }
    } catch {
      guard descriptor == STDOUT_FILENO else { return }
      note("mlt: \(error)")
      exit(Failure.Kind.io.rawValue)
    }
  }
}

/// Sizes, times and rates in words a person reads.
enum Words {
  /// `4.2 MB`, powers of 1000.
  static func bytes(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["B", "kB", "MB", "GB"] {
      if value < 1000 { return unit == "B" ? "\(count) B" : "\(fixed(value, value < 10 ? 2 : 1)) \(unit)" }
      value /= 1000
    }
    return "\(fixed(value, 2)) TB"
  }

  /// `0.8 s`, `2 min 05 s`, `1 h 20 min`.
  static func seconds(_ seconds: Double) -> String {
    if seconds < 60 { return "\(fixed(seconds, seconds < 10 ? 2 : 1)) s" }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
    return "\(whole / 3600) h \(padded(whole / 60 % 60)) min"
  }

  /// A number with `digits` decimals, whatever the locale.
  static func fixed(_ value: Double, _ digits: Int) -> String {
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

  private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
