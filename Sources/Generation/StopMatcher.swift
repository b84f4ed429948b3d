// Finds stop strings in text that arrives in pieces, and holds back what may be the beginning of one.

/// Passes text on until a stop string appears.
struct StopMatcher {
  private let stops: [[UInt8]]
  private var held: [UInt8] = []

  /// - Parameters:
  ///   - stops: none of them empty.
  init(_ stops: [String]) { self.stops = stops.map { Array($0.utf8) } }

  /// Takes more text; returns what can be shown, and whether a stop string ended it.
  mutating func push(_ text: String) -> (shown: String, isStopped: Bool) {
    held += Array(text.utf8)
    for start in held.indices where stops.contains(where: { held[start...].starts(with: $0) }) {
      return (take(start), true)
    }
    // The earliest place from which everything to the end begins a stop string.
    let safe =
      held.indices.first { start in stops.contains { $0.starts(with: held[start...]) } } ?? held.count
    return (take(safe), false)
  }

  /// What is still held back, when no more text comes.
  mutating func flush() -> String { take(held.count) }

  /// A stop string begins with a whole character, so the cut never splits one.
  private mutating func take(_ count: Int) -> String {
    defer { held.removeFirst(count) }
    return String(decoding: held[..<count], as: UTF8.self)
  }
}
