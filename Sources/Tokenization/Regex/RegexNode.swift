// What a regular expression says, as a tree.

/// A parsed regular expression.
indirect enum RegexNode: Sendable {
  /// One scalar of a set.
  case one(ScalarSet.Expression)
  case sequence([RegexNode])
  case alternation([RegexNode])
  case repetition(RegexNode, minimum: Int, maximum: Int?, mode: RegexRepetitionMode)
  case look(RegexNode, isBehind: Bool, isNegated: Bool)
  /// `(?>…)`: once matched, never entered again.
  case atomic(RegexNode)
  case anchor(RegexAnchor)

  static let empty = RegexNode.sequence([])
}

/// Which length a repetition tries first, and whether it gives anything back.
enum RegexRepetitionMode: Sendable {
  case greedy
  case lazy
  case possessive
}

/// A condition on a position.
enum RegexAnchor: Sendable {
  case lineStart
  case lineEnd
  case textStart
  case textEnd
  /// The end of the text, or before its last newline.
  case textEndOrLastNewline
  case wordBoundary
  case notWordBoundary
}

extension RegexNode {
  /// Whether it can match without consuming anything.
  var canBeEmpty: Bool {
    switch self {
    case .one: false
    case .sequence(let parts): parts.allSatisfy(\.canBeEmpty)
    case .alternation(let parts): parts.contains(where: \.canBeEmpty)
    case .repetition(let inner, let minimum, _, _): minimum == 0 || inner.canBeEmpty
    case .atomic(let inner): inner.canBeEmpty
    case .look, .anchor: true
    }
  }

  /// The scalars a match can begin with; nil when it may be empty, so that anything can follow.
  var firstScalars: ScalarSet.Expression? {
    switch self {
    case .one(let set): return set
    case .sequence(let parts):
      var sets: [ScalarSet.Expression] = []
      for part in parts {
        if let set = part.firstScalars { return .union(sets + [set]) }
        // What comes next can begin the match too, unless the part hides what it consumes.
        guard case .repetition(let inner, _, _, _) = part, let set = inner.firstScalars else {
          return nil
        }
        sets.append(set)
      }
      return nil
    case .alternation(let parts):
      let sets = parts.compactMap(\.firstScalars)
      return sets.count == parts.count ? .union(sets) : nil
    case .repetition(let inner, let minimum, _, _): return minimum > 0 ? inner.firstScalars : nil
    case .atomic(let inner): return inner.firstScalars
    case .look, .anchor: return nil
    }
  }

  /// The largest fixed width; nobody looks further behind.
  static let maximumWidth = 1000

  /// How many scalars every match has, as lookbehind needs it; nil when matches differ or exceed `maximumWidth`.
  var fixedWidth: Int? {
    let width: Int?
    switch self {
    case .one: width = 1
    case .sequence(let parts):
      let widths = parts.compactMap(\.fixedWidth)
      width = widths.count == parts.count ? widths.reduce(0, +) : nil
    case .alternation(let parts):
      let widths = Set(parts.map(\.fixedWidth))
      width = widths.count == 1 ? widths.first ?? nil : nil
    case .repetition(let inner, let minimum, let maximum, _):
      width = minimum == maximum ? inner.fixedWidth.map { $0 * minimum } : nil
    case .atomic(let inner): width = inner.fixedWidth
    case .look, .anchor: width = 0
    }
    return width.flatMap { $0 <= Self.maximumWidth ? $0 : nil }
  }
}
