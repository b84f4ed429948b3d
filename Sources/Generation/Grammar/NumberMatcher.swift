// A JSON number within bounds. The value read so far is kept as an integer in units of the last decimal place; a
// digit is allowed when some completion of the number still lies within the bounds.

/// Numbers `minimum … maximum`, in units of `10^-places`, written with at most `places` digits after the point.
///
/// At most 15 digits, so that a double tells the numbers apart: all of them before the point for integers, 9 before
/// and 6 after it for other numbers. Minus zero is not among them.
package struct DecimalRange: Sendable, Equatable {
  package let minimum: Int
  package let maximum: Int
  package let places: Int

  /// The largest magnitude, in units of the last place.
  package static let limit = 999_999_999_999_999
  /// Digits after the point of numbers that are not integers.
  package static let fractionPlaces = 6

  /// Bounds beyond ± `limit` are drawn in; nil when no number lies between them.
  package init?(minimum: Int, maximum: Int, places: Int) {
    self.minimum = max(minimum, -Self.limit)
    self.maximum = min(maximum, Self.limit)
    self.places = places
    guard self.minimum <= self.maximum else { return nil }
  }
}

/// Matches the numbers of a `DecimalRange`.
struct NumberMatcher: ByteMatcher {
  private enum Phase: Int32 {
    case start, minus, whole, point, fraction, negativeWhole, negativePoint, negativeFraction
  }

  private let range: DecimalRange
  private let alphabet: ByteSet
  private let scale: Int

  init(_ range: DecimalRange, alphabet: ByteSet) {
    self.range = range
    self.alphabet = alphabet
    scale = power(range.places)
  }

  let start = MatcherState(phase: Phase.start.rawValue)

  // `value` is the magnitude written so far, without the point; `count` the digits after the point.

  func next(_ state: MatcherState, _ byte: UInt8) -> MatcherState? {
    guard alphabet.contains(byte), let phase = Phase(rawValue: state.phase) else { return nil }
    var next = state
    switch (phase, byte) {
    case (.start, UInt8(ascii: "-")): next.phase = Phase.minus.rawValue
    case (.start, digits), (.minus, digits):
      next.phase = (phase == .start ? Phase.whole : .negativeWhole).rawValue
      next.value = Int(byte - UInt8(ascii: "0"))
    case (.whole, digits), (.negativeWhole, digits):
      // No leading zeros: RFC 8259 section 6.
      guard state.value != 0 else { return nil }
      next.value = state.value * 10 + Int(byte - UInt8(ascii: "0"))
    case (.whole, UInt8(ascii: ".")): next.phase = Phase.point.rawValue
    case (.negativeWhole, UInt8(ascii: ".")): next.phase = Phase.negativePoint.rawValue
    case (.point, digits), (.fraction, digits), (.negativePoint, digits), (.negativeFraction, digits):
      let isNegative = phase == .negativePoint || phase == .negativeFraction
      next.phase = (isNegative ? Phase.negativeFraction : .fraction).rawValue
      next.value = state.value * 10 + Int(byte - UInt8(ascii: "0"))
      next.count += 1
    default: return nil
    }
    return distance(next) < unreachable ? next : nil
  }

  func accepts(_ state: MatcherState) -> Bool { distance(state) == 0 }

  func distance(_ state: MatcherState) -> Int {
    // Which digits complete a number depends on the bounds, so all of them must be there.
    guard let phase = Phase(rawValue: state.phase), alphabet.isSuperset(of: digits) else {
      return unreachable
    }
    switch phase {
    case .start:
      let negative = alphabet.contains(UInt8(ascii: "-")) ? joined(1, shortest(negative: true)) : unreachable
      return min(shortest(negative: false), negative)
    case .minus: return shortest(negative: true)
    case .whole, .negativeWhole: return whole(state.value, bounds(phase == .negativeWhole))
    case .point, .negativePoint: return fraction(state, bounds(phase == .negativePoint), needsDigit: true)
    case .fraction, .negativeFraction:
      return fraction(state, bounds(phase == .negativeFraction), needsDigit: false)
    }
  }

  /// The allowed magnitudes of one sign, in units of the last place.
  private func bounds(_ negative: Bool) -> (low: Int, high: Int) {
    negative ? (max(1, -range.maximum), -range.minimum) : (max(0, range.minimum), range.maximum)
  }

  /// Digits of the shortest number of one sign, without the sign.
  private func shortest(negative: Bool) -> Int {
    let bounds = bounds(negative)
    return (0...9).map { joined(1, whole($0, bounds)) }.min() ?? unreachable
  }

  /// The fewest bytes that complete `digits` before the point.
  private func whole(_ digits: Int, _ bounds: (low: Int, high: Int)) -> Int {
    var best = point(digits, bounds)
    guard digits != 0 else { return best }
    // `more` further digits before the point make digits · 10^more … (digits + 1) · 10^more − 1.
    var low = digits
    var high = digits
    var more = 0
    while more < best {
      (low, high, more) = (low * 10, high * 10 + 9, more + 1)
      guard low <= bounds.high / scale else { break }
      // Of those, the whole parts within the bounds, and what each needs after the point.
      let from = max(low, bounds.low / scale)
      let to = min(high, bounds.high / scale)
      for candidate in [from, min(from + 1, to)] where from <= to {
        best = min(best, joined(more, point(candidate, bounds)))
      }
    }
    return best
  }

  /// The fewest bytes after the finished whole part: none, or a point and digits.
  private func point(_ whole: Int, _ bounds: (low: Int, high: Int)) -> Int {
    guard bounds.high >= 0, whole <= bounds.high / scale else { return unreachable }
    if whole * scale >= bounds.low { return 0 }
    guard range.places > 0, alphabet.contains(UInt8(ascii: ".")) else { return unreachable }
    return joined(1, fraction(MatcherState(value: whole), bounds, needsDigit: true))
  }

  /// The fewest further digits after the point.
  private func fraction(_ state: MatcherState, _ bounds: (low: Int, high: Int), needsDigit: Bool) -> Int {
    let left = range.places - Int(state.count)
    guard left >= (needsDigit ? 1 : 0), alphabet.contains(UInt8(ascii: ".")) else { return unreachable }
    for more in (needsDigit ? 1 : 0)...left {
      // In units of the last place, `more` digits reach the multiples of `unit` in base … base + width − unit.
      let unit = power(left - more)
      let base = state.value * power(left)
      let first = max(base, (bounds.low + unit - 1) / unit * unit)
      if first <= min(bounds.high, base + power(left) - unit) { return more }
    }
    return unreachable
  }
}

private let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

private func power(_ exponent: Int) -> Int { (0..<exponent).reduce(1) { value, _ in value * 10 } }
