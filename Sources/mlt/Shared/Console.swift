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
  /// A result that can't be delivered ends the command, without a word when its reader has gone, as after `| head`; a
  /// note that can't is dropped.
  private static func write(_ text: String, to descriptor: Int32) {
    do {
      try Array(text.utf8).withUnsafeBytes { bytes in
        try Files.writeAll(bytes, to: descriptor, path: "standard output")
      }
    } catch {
      guard descriptor == STDOUT_FILENO else { return }
      if errno == EPIPE { exit(Failure.Kind.io.rawValue) }
      note("mlt: \(error)")
      exit(Failure.Kind.io.rawValue)
    }
  }
}
