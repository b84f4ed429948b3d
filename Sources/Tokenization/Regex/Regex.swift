// Finding the matches of a regular expression: a backtracking matcher over UTF-8 with an explicit stack and a bound
// on its steps. Results agree with Oniguruma's for the syntax that the parser accepts.

import SafeIO

/// A regular expression of a tokenizer.
struct Regex: Sendable {
  let pattern: String
  private let program: RegexProgram
  private let source: String

  /// - Parameter source: the file and the place in it, for errors.
  init(_ pattern: String, source: String) throws(Failure) {
    self.pattern = pattern
    self.source = source
    program = try RegexProgram(pattern, source: source)
  }

  /// The matches in `bytes[range]` from left to right, as Oniguruma's `find_iter` gives them: not
  /// overlapping, and no empty one right after another match.
  ///
  /// Nothing outside of `range` is seen.
  /// - Throws: `Failure.badData` when matching takes more than 10⁷ steps and 1000 more for each byte: patterns such as
  ///   `(a+)+$` would take longer than anyone can wait.
  /// - Complexity: linear in the length for patterns that never scan far in vain.
  func forEachMatch(
    in bytes: [UInt8], _ range: Range<Int>, _ body: (Range<Int>) -> Void
  ) throws(Failure) {
    // An empty text is never searched.
    if range.isEmpty { return }
    var matcher = RegexMatcher(
      program: program, bytes: bytes, bounds: range, budget: 10_000_000 + 1000 * range.count)
    var searchFrom = range.lowerBound
    var lastEnd: Int?
    while searchFrom <= range.upperBound {
      guard let match = matcher.firstMatch(from: searchFrom) else { break }
      if match.isEmpty && match.upperBound == lastEnd {
        searchFrom =
          match.upperBound + (match.upperBound < range.upperBound ? length(bytes, match.upperBound) : 1)
        continue
      }
      body(match)
      searchFrom = match.upperBound
      lastEnd = match.upperBound
    }
    if matcher.isExhausted {
      throw .badData(
        source,
        "the regular expression '\(pattern.prefix(200))' backtracks without end on a text of \(range.count) bytes"
      )
    }
  }

  /// All matches.
  func matches(in bytes: [UInt8], _ range: Range<Int>) throws(Failure) -> [Range<Int>] {
    var found: [Range<Int>] = []
    try forEachMatch(in: bytes, range) { found.append($0) }
    return found
  }

  private func length(_ bytes: [UInt8], _ index: Int) -> Int { UTF8Text.length(ofLead: bytes[index]) }
}

/// The state of matching one text.
private struct RegexMatcher {
  /// What to try when the way at hand fails.
  private struct Alternative {
    enum Kind {
      /// Continue at `pc` with `position`.
      case resume
      /// A greedy run that may give back scalars down to `limit`.
      case shrink
      /// A lazy run that may take scalars while fewer than `limit` are left to take.
      case grow
      /// Put `position` back into slot `pc`.
      case restore
    }
    var kind: Kind
    var pc: Int
    var position: Int
    var limit: Int
  }

  private let program: RegexProgram
  private let bytes: [UInt8]
  private let bounds: Range<Int>
  private var stack: [Alternative] = []
  private var slots: [Int]
  private var budget: Int

  /// Whether the steps ran out; nothing that was found since is complete.
  var isExhausted: Bool { budget <= 0 }

  init(program: RegexProgram, bytes: [UInt8], bounds: Range<Int>, budget: Int) {
    self.program = program
    self.bytes = bytes
    self.bounds = bounds
    self.budget = budget
    slots = Array(repeating: -1, count: program.slotCount)
  }

  /// The leftmost match that starts at or after `start`.
  mutating func firstMatch(from start: Int) -> Range<Int>? {
    var position = start
    while position <= bounds.upperBound && budget > 0 {
      if let end = run(from: 0, at: position), budget > 0 { return position..<end }
      position += position < bounds.upperBound ? UTF8Text.length(ofLead: bytes[position]) : 1
    }
    return nil
  }

  /// Runs instructions until they accept, and gives the position where they do.
  private mutating func run(from start: Int, at startPosition: Int) -> Int? {
    let base = stack.count
    var pc = start
    var position = startPosition
    while true {
      budget -= 1
      if budget <= 0 {
        stack.removeSubrange(base...)
        return nil
      }
      var matches = true
      switch program.instructions[pc] {
      case .one(let set):
        if position < bounds.upperBound {
          let (value, length) = UTF8Text.scalar(in: bytes, at: position)
          matches = program.sets[set].contains(value)
          position += length
          pc += 1
        } else {
          matches = false
        }
      case .run(let set, let minimum, let maximum, let mode):
        matches = take(set, minimum: minimum, maximum: maximum, mode: mode, pc: &pc, position: &position)
      case .branch(let first, let otherwise):
        if let first, !startsWith(first, position) {
          pc = otherwise
        } else {
          stack.append(.init(kind: .resume, pc: otherwise, position: position, limit: 0))
          pc += 1
        }
      case .preferJump(let target):
        stack.append(.init(kind: .resume, pc: pc + 1, position: position, limit: 0))
        pc = target
      case .jump(let target): pc = target
      case .mark(let slot):
        stack.append(.init(kind: .restore, pc: slot, position: slots[slot], limit: 0))
        slots[slot] = position
        pc += 1
      case .requireProgress(let slot, let otherwise): pc = slots[slot] == position ? otherwise : pc + 1
      case .anchor(let anchor):
        matches = holds(anchor, at: position)
        pc += 1
      case .look(let width, let isNegated, let end):
        let found = startOfLook(width, position).flatMap { run(from: pc + 1, at: $0) }
        matches = (found != nil) != isNegated
        pc = end
      case .atomic(let end):
        if let reached = run(from: pc + 1, at: position) {
          position = reached
          pc = end
        } else {
          matches = false
        }
      case .accept:
        // Alternatives inside are given up, but what they changed in slots stays until the outside fails.
        stack.removeSubrange(base...)
        return position
      }
      if !matches {
        guard backtrack(to: base, pc: &pc, position: &position) else { return nil }
      }
    }
  }

  /// A run over single scalars; false when there are fewer than `minimum`.
  private mutating func take(
    _ set: Int, minimum: Int, maximum: Int, mode: RegexRepetitionMode, pc: inout Int, position: inout Int
  ) -> Bool {
    let wanted = mode == .lazy ? minimum : maximum
    var count = 0
    var minimumEnd = position
    while count < wanted, position < bounds.upperBound {
      let (value, length) = UTF8Text.scalar(in: bytes, at: position)
      guard program.sets[set].contains(value) else { break }
      position += length
      count += 1
      if count == minimum { minimumEnd = position }
    }
    budget -= count
    if count < minimum { return false }
    if mode == .greedy && position > minimumEnd {
      stack.append(.init(kind: .shrink, pc: pc + 1, position: position, limit: minimumEnd))
    } else if mode == .lazy && maximum > minimum {
      stack.append(.init(kind: .grow, pc: pc, position: position, limit: maximum - minimum))
    }
    pc += 1
    return true
  }

  /// Takes the latest alternative above `base`; false when there is none left.
  private mutating func backtrack(to base: Int, pc: inout Int, position: inout Int) -> Bool {
    while stack.count > base {
      var alternative = stack.removeLast()
      switch alternative.kind {
      case .resume:
        pc = alternative.pc
        position = alternative.position
        return true
      case .shrink:
        position = UTF8Text.start(before: alternative.position, in: bytes)
        pc = alternative.pc
        if position > alternative.limit {
          alternative.position = position
          stack.append(alternative)
        }
        return true
      case .grow:
        guard case .run(let set, _, _, _) = program.instructions[alternative.pc],
          startsWith(set, alternative.position)
        else { continue }
        alternative.position += UTF8Text.length(ofLead: bytes[alternative.position])
        alternative.limit -= 1
        if alternative.limit > 0 { stack.append(alternative) }
        position = alternative.position
        pc = alternative.pc + 1
        return true
      case .restore: slots[alternative.pc] = alternative.position
      }
    }
    return false
  }

  private func startsWith(_ set: Int, _ position: Int) -> Bool {
    position < bounds.upperBound && program.sets[set].contains(UTF8Text.scalar(in: bytes, at: position).value)
  }

  /// The position `width` scalars before `position`, nil when there are not so many.
  private func startOfLook(_ width: Int, _ position: Int) -> Int? {
    var start = position
    for _ in 0..<width {
      guard start > bounds.lowerBound else { return nil }
      start = UTF8Text.start(before: start, in: bytes)
    }
    return start
  }

  private func holds(_ anchor: RegexAnchor, at position: Int) -> Bool {
    switch anchor {
    case .textStart: position == bounds.lowerBound
    case .textEnd: position == bounds.upperBound
    case .textEndOrLastNewline:
      position == bounds.upperBound || position == bounds.upperBound - 1 && bytes[position] == 0x0a
    case .lineStart:
      position == bounds.lowerBound || bytes[position - 1] == 0x0a && position < bounds.upperBound
    case .lineEnd: position == bounds.upperBound || bytes[position] == 0x0a
    case .wordBoundary: isWord(before: position) != isWord(at: position)
    case .notWordBoundary: isWord(before: position) == isWord(at: position)
    }
  }

  private func isWord(at position: Int) -> Bool {
    guard position < bounds.upperBound else { return false }
    return ScalarSet.Expression.wordOutsideBrackets.contains(UTF8Text.scalar(in: bytes, at: position).value)
  }

  private func isWord(before position: Int) -> Bool {
    position > bounds.lowerBound && isWord(at: UTF8Text.start(before: position, in: bytes))
  }
}
