// The pushdown automaton of a compiled grammar, made deterministic as it runs. A state is a set of stacks: all
// ways in which the bytes so far can be read. Stacks share their lower parts, and stacks and states are interned,
// so a transition is computed once and then is one lookup in a table.

/// Recognizes the texts of a grammar byte by byte; not for use from two threads.
final class GrammarAutomaton {
  /// A set of readings, as an index of `states`.
  typealias StateID = Int32

  /// No text goes on like that.
  static let dead: StateID = -1
  private static let unknown: StateID = -2
  /// Tables beyond this many states are thrown away and begun anew; each state has 256 transitions of 4 bytes.
  private static let stateLimit = 8192

  /// A part of the grammar, and where in it a reading stands.
  private struct Frame: Hashable {
    var part: Int32
    var state: MatcherState
  }

  /// The top of a stack and the stack below; -1 is the empty stack.
  private struct Stack: Hashable {
    var frame: Frame
    var below: Int32
  }

  private let grammar: CompiledGrammar
  private var stacks: [Stack] = []
  /// Fewest bytes to the end of the text, per stack.
  private var distances: [Int] = []
  private var stackIDs: [Stack: Int32] = [:]

  /// Sorted stacks per state; -1 among them means that the text may end here.
  private var states: [[Int32]] = []
  private var stateDistances: [Int] = []
  private var stateIDs: [[Int32]: StateID] = [:]
  private var transitions: [StateID] = []

  private(set) var start: StateID = 0

  init(_ grammar: CompiledGrammar) {
    self.grammar = grammar
    begin()
  }

  /// Whether the text may end in `state`.
  func accepts(_ state: StateID) -> Bool { states[Int(state)].first == -1 }

  /// Whether the text must end in `state`.
  func isFinal(_ state: StateID) -> Bool { states[Int(state)] == [-1] }

  /// The fewest bytes from `state` to the end of a text.
  func distance(_ state: StateID) -> Int { stateDistances[Int(state)] }

  /// The state after `byte`, or `dead`.
  func next(_ state: StateID, _ byte: UInt8) -> StateID {
    let slot = Int(state) << 8 | Int(byte)
    let known = transitions[slot]
    if known != Self.unknown { return known }
    var reached: Set<Int32> = []
    for stack in states[Int(state)] where stack >= 0 {
      let (frame, below) = (stacks[Int(stack)].frame, stacks[Int(stack)].below)
      guard case .matcher(let matcher) = grammar.parts[Int(frame.part)],
        let state = matcher.next(frame.state, byte)
      else { continue }
      expand(push(Frame(part: frame.part, state: state), on: below), into: &reached)
    }
    let result = reached.isEmpty ? Self.dead : intern(reached.sorted())
    transitions[slot] = result
    return result
  }

  /// Forgets everything but `state` when the tables have grown too large; returns what `state` is called now.
  func compacted(keeping state: StateID) -> StateID {
    guard states.count > Self.stateLimit else { return state }
    let kept = states[Int(state)].map { stack -> [Frame] in
      var frames: [Frame] = []
      var here = stack
      while here >= 0 {
        frames.append(stacks[Int(here)].frame)
        here = stacks[Int(here)].below
      }
      return frames.reversed()
    }
    begin()
    return intern(kept.map { $0.reduce(Int32(-1)) { push($1, on: $0) } }.sorted())
  }

  // MARK: - Building

  private func begin() {
    stacks.removeAll()
    distances.removeAll()
    stackIDs.removeAll()
    states.removeAll()
    stateDistances.removeAll()
    stateIDs.removeAll()
    transitions.removeAll()
    var reached: Set<Int32> = []
    expand(push(grammar.root, on: -1), into: &reached)
    start = intern(reached.sorted())
  }

  private func intern(_ set: [Int32]) -> StateID {
    if let known = stateIDs[set] { return known }
    let id = StateID(states.count)
    states.append(set)
    stateDistances.append(set.reduce(unreachable) { min($0, $1 < 0 ? 0 : distances[Int($1)]) })
    stateIDs[set] = id
    transitions.append(contentsOf: repeatElement(Self.unknown, count: 256))
    return id
  }

  private func push(_ part: Int32, on below: Int32) -> Int32 {
    var frame = Frame(part: part, state: MatcherState())
    if case .matcher(let matcher) = grammar.parts[Int(part)] { frame.state = matcher.start }
    return push(frame, on: below)
  }

  private func push(_ frame: Frame, on below: Int32) -> Int32 {
    let stack = Stack(frame: frame, below: below)
    if let known = stackIDs[stack] { return known }
    let id = Int32(stacks.count)
    stacks.append(stack)
    distances.append(joined(distance(frame), below < 0 ? 0 : distances[Int(below)]))
    stackIDs[stack] = id
    return id
  }

  /// Adds to `reached` the stacks with a matcher on top that `stack` stands for, and -1 if its text may end.
  ///
  /// The `count` of a structural frame is the number of children already read; of `members`, `value` is 1 when one
  /// was written.
  private func expand(_ stack: Int32, into reached: inout Set<Int32>) {
    guard stack >= 0 else {
      reached.insert(-1)
      return
    }
    guard distances[Int(stack)] != unreachable else { return }
    let (frame, below) = (stacks[Int(stack)].frame, stacks[Int(stack)].below)
    let count = Int(frame.state.count)
    /// What remains below when the child now read is the last one: nothing of this frame.
    func rest(_ hasMore: Bool, _ value: Int = 0) -> Int32 {
      guard hasMore else { return below }
      return push(
        Frame(part: frame.part, state: MatcherState(count: Int32(count + 1), value: value)), on: below)
    }
    switch grammar.parts[Int(frame.part)] {
    case .matcher(let matcher):
      guard matcher.accepts(frame.state) else {
        reached.insert(stack)
        return
      }
      if (0...255).contains(where: { matcher.next(frame.state, $0) != nil }) { reached.insert(stack) }
      expand(below, into: &reached)
    case .sequence(let children):
      guard count < children.count else { return expand(below, into: &reached) }
      expand(push(children[count], on: rest(count + 1 < children.count)), into: &reached)
    case .alternatives(let children):
      for child in children { expand(push(child, on: below), into: &reached) }
    case .repetition(let item, let separator, let minimum, let maximum):
      if count >= minimum { expand(below, into: &reached) }
      guard count < maximum else { return }
      let items = push(item, on: rest(count + 1 < maximum))
      expand(count == 0 ? items : push(separator, on: items), into: &reached)
    case .members(let pairs, let comma):
      guard count < pairs.count else { return expand(below, into: &reached) }
      let pair = push(pairs[count].pair, on: rest(count + 1 < pairs.count, 1))
      expand(frame.state.value == 0 ? pair : push(comma, on: pair), into: &reached)
      if !pairs[count].isRequired { expand(rest(true, frame.state.value), into: &reached) }
    }
  }

  /// The fewest bytes that the rest of one frame needs.
  private func distance(_ frame: Frame) -> Int {
    let count = Int(frame.state.count)
    func length(_ part: Int32) -> Int { grammar.shortest[Int(part)] }
    switch grammar.parts[Int(frame.part)] {
    case .matcher(let matcher): return matcher.distance(frame.state)
    case .sequence(let children): return children[count...].reduce(0) { joined($0, length($1)) }
    case .alternatives: return length(frame.part)
    case .repetition(let item, let separator, let minimum, _):
      let further = joined(length(item), length(separator))
      return count == 0 && minimum > 0
        ? joined(length(item), repeated(further, minimum - 1)) : repeated(further, minimum - count)
    case .members(let pairs, let comma):
      var isFirst = frame.state.value == 0
      var sum = 0
      for pair in pairs[count...] where pair.isRequired {
        sum = joined(sum, joined(isFirst ? 0 : length(comma), length(pair.pair)))
        isFirst = false
      }
      return sum
    }
  }
}
