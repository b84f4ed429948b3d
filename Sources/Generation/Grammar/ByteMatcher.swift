// What the leaves of a grammar have in common: a small automaton over bytes whose state is three integers.

/// Where a matcher stands within its text; what the fields mean is the matcher's own business.
struct MatcherState: Hashable, Sendable {
  var phase: Int32 = 0
  var count: Int32 = 0
  var value: Int = 0
}

/// A leaf of a grammar: a bounded set of byte strings, recognized one byte at a time.
///
/// Every state that `next` returns can still be completed with bytes of the alphabet the matcher was made for.
protocol ByteMatcher: Sendable {
  var start: MatcherState { get }
  /// The state after one more byte, nil when no text goes on like that.
  func next(_ state: MatcherState, _ byte: UInt8) -> MatcherState?
  /// Whether the text may end here.
  func accepts(_ state: MatcherState) -> Bool
  /// The fewest further bytes with which the text may end; `unreachable` if there are none.
  func distance(_ state: MatcherState) -> Int
}

/// The distance to an end that can't be reached.
let unreachable = Int.max / 2
/// What finite distances are cut to, so that sums of them don't overflow; no grammar with such a text is taken.
private let enormous = Int.max / 4

/// The sum of two distances.
func joined(_ left: Int, _ right: Int) -> Int {
  left == unreachable || right == unreachable ? unreachable : min(left + right, enormous)
}

/// The distance over `count` pieces of the same length.
func repeated(_ length: Int, _ count: Int) -> Int {
  guard count > 0 else { return 0 }
  let (product, overflow) = length.multipliedReportingOverflow(by: count)
  return length == unreachable ? unreachable : overflow ? enormous : min(product, enormous)
}
