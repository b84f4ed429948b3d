// The five ways in which a pattern splits a word.

import SafeIO

/// What becomes of the places where a pattern matched.
enum SplitBehavior: String, Sendable {
  case removed = "Removed"
  case isolated = "Isolated"
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  case contiguous = "Contiguous"

  init(_ fields: Fields, _ key: String, default value: SplitBehavior? = nil) throws(Failure) {
    if let value, !fields.has(key) {
      self = value
      return
    }
    let name = try fields.string(key)
    guard let behavior = SplitBehavior(rawValue: name) else {
      throw fields.complaint(key, "the split behavior '\(name)' is not supported")
    }
    self = behavior
  }
}

/// Collects the words that matches and gaps make under a behavior; both come in order and cover the word.
struct Splitter {
  let behavior: SplitBehavior
  var ranges: [Range<Int>] = []
  private var firstOfWord = 0
  private var previousIsMatch = false
  /// A match that waits for what follows it.
  private var pending: Range<Int>?

  init(behavior: SplitBehavior) { self.behavior = behavior }

  mutating func add(_ range: Range<Int>, isMatch: Bool) {
    switch behavior {
    case .isolated: append(range)
    case .removed: if !isMatch { append(range) }
    case .contiguous: isMatch == previousIsMatch ? extendLast(with: range) : append(range)
    case .mergedWithPrevious: isMatch && !previousIsMatch ? extendLast(with: range) : append(range)
    case .mergedWithNext:
      if isMatch {
        if let pending { append(pending) }
        pending = range
      } else {
        append((pending?.lowerBound ?? range.lowerBound)..<range.upperBound)
        pending = nil
      }
    }
    previousIsMatch = isMatch
  }

  mutating func endWord() {
    if let pending { append(pending) }
    pending = nil
    previousIsMatch = false
    firstOfWord = ranges.count
  }

  private mutating func append(_ range: Range<Int>) {
    if !range.isEmpty { ranges.append(range) }
  }

  private mutating func extendLast(with range: Range<Int>) {
    if ranges.count > firstOfWord {
      ranges[ranges.count - 1] = ranges[ranges.count - 1].lowerBound..<range.upperBound
    } else {
      append(range)
    }
  }
}
