// A regular expression as instructions for the matcher. A loop over single scalars is one instruction, which is
// most of what tokenizers' patterns are; an alternative that can't begin with the scalar at hand is skipped.

import SafeIO

/// A compiled regular expression.
struct RegexProgram: Sendable {
  /// One step of matching.
  ///
  /// Targets are indices of instructions.
  enum Instruction: Sendable {
    /// One scalar of the set.
    case one(Int)
    /// As many scalars of the set as allowed.
    case run(set: Int, minimum: Int, maximum: Int, mode: RegexRepetitionMode)
    /// Go on with the next instruction; when that fails, with `otherwise`. At once with `otherwise` when the scalar
    /// at hand is not in the set.
    case branch(first: Int?, otherwise: Int)
    /// Go on at the target; when that fails, with the next instruction.
    case preferJump(Int)
    case jump(Int)
    /// Remember the position in a slot.
    case mark(Int)
    /// Go on only when the position moved since the mark, else at the target: an empty turn of a loop ends it.
    case requireProgress(slot: Int, otherwise: Int)
    case anchor(RegexAnchor)
    /// Tries the instructions up to `end` here, or `width` scalars before, without consuming anything.
    case look(width: Int, isNegated: Bool, end: Int)
    /// Runs the instructions up to `end` and forgets their alternatives.
    case atomic(end: Int)
    case accept
  }

  private(set) var instructions: [Instruction] = []
  private(set) var sets: [ScalarSet] = []
  private(set) var slotCount = 0
  private var setIndices: [ScalarSet.Expression: Int] = [:]
  /// How many nodes were written out, those that make no instruction included.
  private var nodeCount = 0
  private let source: String
  private let pattern: String

  /// A larger program is refused; counted repetitions are written out.
  private static let maximumInstructions = 20_000
  private static let maximumNodes = 100_000
  /// Different sets, which take 8 KB each.
  private static let maximumSets = 1000

  /// Compiles `pattern`.
  /// - Throws: `Failure.badData` when it is malformed, too large or uses something unsupported.
  init(_ pattern: String, source: String) throws(Failure) {
    self.pattern = pattern
    self.source = source
    try emit(RegexParser.parse(pattern, source: source))
    instructions.append(.accept)
    setIndices = [:]
  }

  private mutating func emit(_ node: RegexNode) throws(Failure) {
    nodeCount += 1
    guard instructions.count < Self.maximumInstructions, nodeCount <= Self.maximumNodes,
      sets.count <= Self.maximumSets
    else {
      throw .badData(source, "the regular expression '\(pattern.prefix(200))' is too large")
    }
    switch node {
    case .one(let set): instructions.append(.one(index(of: set)))
    case .sequence(let parts):
      for part in parts { try emit(part) }
    case .alternation(let branches): try emit(alternatives: branches)
    case .repetition(let inner, let minimum, let maximum, let mode):
      try emit(repetition: inner, minimum: minimum, maximum: maximum, mode: mode)
    case .look(let inner, let isBehind, let isNegated):
      try emit(look: inner, isBehind: isBehind, isNegated: isNegated)
    case .atomic(let inner):
      let start = reserve()
      try emit(inner)
      instructions.append(.accept)
      instructions[start] = .atomic(end: instructions.count)
    case .anchor(let anchor): instructions.append(.anchor(anchor))
    }
  }

  private mutating func emit(alternatives: [RegexNode]) throws(Failure) {
    var exits: [Int] = []
    for (position, branch) in alternatives.enumerated() {
      guard position < alternatives.count - 1 else {
        try emit(branch)
        break
      }
      let start = reserve()
      try emit(branch)
      exits.append(reserve())
      instructions[start] = .branch(
        first: branch.firstScalars.map { index(of: $0) }, otherwise: instructions.count)
    }
    for exit in exits { instructions[exit] = .jump(instructions.count) }
  }

  private mutating func emit(
    repetition inner: RegexNode, minimum: Int, maximum: Int?, mode: RegexRepetitionMode
  ) throws(Failure) {
    if case .one(let set) = inner {
      instructions.append(.run(set: index(of: set), minimum: minimum, maximum: maximum ?? .max, mode: mode))
      return
    }
    if mode == .possessive {
      try emit(.atomic(.repetition(inner, minimum: minimum, maximum: maximum, mode: .greedy)))
      return
    }
    for _ in 0..<minimum { try emit(inner) }
    if let maximum {
      // x{0,2} is (x(x)?)?
      var starts: [Int] = []
      for _ in minimum..<maximum {
        starts.append(reserve())
        if mode == .lazy { starts.append(reserve()) }
        try emit(inner)
      }
      let end = instructions.count
      for (position, start) in starts.enumerated() {
        if mode == .greedy {
          instructions[start] = .branch(first: nil, otherwise: end)
        } else {
          instructions[start] = position % 2 == 0 ? .branch(first: nil, otherwise: start + 2) : .jump(end)
        }
      }
      return
    }
    let slot = inner.canBeEmpty ? slotCount : nil
    if slot != nil { slotCount += 1 }
    let start = instructions.count
    let head = reserve()
    if let slot { instructions.append(.mark(slot)) }
    try emit(inner)
    let check = slot.map { _ in reserve() }
    if mode == .greedy {
      instructions.append(.jump(start))
      instructions[head] = .branch(
        first: inner.firstScalars.map { index(of: $0) }, otherwise: instructions.count)
    } else {
      // Leaving first: the jump over the body is what is preferred.
      instructions.append(.jump(start))
      instructions[head] = .preferJump(instructions.count)
    }
    if let slot, let check {
      instructions[check] = .requireProgress(slot: slot, otherwise: instructions.count)
    }
  }

  private mutating func emit(look inner: RegexNode, isBehind: Bool, isNegated: Bool) throws(Failure) {
    if isBehind, case .alternation(let branches) = inner {
      // Alternatives of different widths are looked at one by one.
      let looks = branches.map { RegexNode.look($0, isBehind: true, isNegated: isNegated) }
      try emit(isNegated ? .sequence(looks) : .alternation(looks))
      return
    }
    guard let width = isBehind ? inner.fixedWidth : 0 else {
      throw .badData(
        source,
        "the regular expression '\(pattern.prefix(200))': a lookbehind of varying width, or of more than "
          + "\(RegexNode.maximumWidth) characters, is not supported")
    }
    let start = reserve()
    try emit(inner)
    instructions.append(.accept)
    instructions[start] = .look(width: width, isNegated: isNegated, end: instructions.count)
  }

  private mutating func reserve() -> Int {
    instructions.append(.accept)
    return instructions.count - 1
  }

  private mutating func index(of set: ScalarSet.Expression) -> Int {
    if let known = setIndices[set] { return known }
    setIndices[set] = sets.count
    sets.append(ScalarSet(set))
    return sets.count - 1
  }
}
