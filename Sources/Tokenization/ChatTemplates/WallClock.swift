// The time that a template may print with strftime_now. It is passed in, so that a rendering can be repeated.

import Glibc

/// A date and a time of day, in the local time zone.
package struct WallClock: Sendable, Equatable {
  package var year: Int
  package var month: Int
  package var day: Int
  package var hour: Int
  package var minute: Int
  package var second: Int

  package init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
  }

  /// Reads `2025-03-04T05:06:07`, the time of day optional; nil for anything else.
  package init?(_ text: String) {
    let numbers = text.split(whereSeparator: { "-T :".contains($0) }).map { Int($0) }
    guard numbers.count == 3 || numbers.count == 6, !numbers.contains(nil) else { return nil }
    let parts = numbers.compactMap { $0 } + [0, 0, 0]
    guard (1...9999).contains(parts[0]), (1...12).contains(parts[1]), (1...31).contains(parts[2]),
      (0..<24).contains(parts[3]), (0..<60).contains(parts[4]), (0...60).contains(parts[5])
    else { return nil }
    self.init(
      year: parts[0], month: parts[1], day: parts[2], hour: parts[3], minute: parts[4], second: parts[5])
  }

  /// The time now.
  package static func current() -> WallClock {
    var seconds = time(nil)
    var parts = tm()
    localtime_r(&seconds, &parts)
    return WallClock(
      year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday),
      hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec))
  }

  /// A format without what Python fills in itself: fractions of seconds, and zones, which a time here has none of.
  private static func completed(_ format: String) -> String {
    var result = String.UnicodeScalarView()
    var isConversion = false
    for scalar in format.unicodeScalars {
      switch (isConversion, scalar) {
      case (true, "f"):
        result.replaceSubrange(result.index(before: result.endIndex)..., with: "000000".unicodeScalars)
      case (true, "z"), (true, "Z"): result.removeLast()
      default: result.append(scalar)
      }
      isConversion = scalar == "%" && !isConversion
    }
    return String(result)
  }

  /// The time in the form that `strftime` describes; names of days and months are English.
  /// - Returns: nil when the text gets longer than 4096 bytes.
  func formatted(_ format: String) -> String? {
    guard !format.isEmpty else { return "" }
    var parts = tm()
    parts.tm_year = Int32(clamping: year - 1900)
    parts.tm_mon = Int32(clamping: month - 1)
    parts.tm_mday = Int32(clamping: day)
    parts.tm_hour = Int32(clamping: hour)
    parts.tm_min = Int32(clamping: minute)
    parts.tm_sec = Int32(clamping: second)
    // Fills in the day of the week and of the year.
    _ = timegm(&parts)
    let format = Self.completed(format)
    // A mark in front tells an empty result from one that is too long.
    var buffer = [CChar](repeating: 0, count: 4096)
    let length = strftime(&buffer, buffer.count, "x" + format, &parts)
    guard length > 0 else { return nil }
    return String(decoding: buffer[1..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
