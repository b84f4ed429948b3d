// JSONL: one JSON value a line.

/// The values of a file with one on each line; blank lines are passed over.
package struct JSONLines {
  private let path: String
  private var rest: ArraySlice<UInt8>
  private var number = 0

  /// Opens the file.
  /// - Throws: `Failure` when it can't be read.
  package init(path: String) throws(Failure) {
    self.path = path
    rest = try Files.read(path: path)[...]
  }

  /// The next value, and the file with the number of its line for errors; nil at the end.
  ///
  /// - Throws: `Failure.badData` for a line that is no JSON; `interrupted`.
  package mutating func next() throws(Failure) -> (value: JSON, place: String)? {
    while !rest.isEmpty {
      try Interruption.check()
      let line = rest.prefix { $0 != UInt8(ascii: "\n") }
      rest = rest[line.endIndex...].dropFirst()
      number += 1
      if line.allSatisfy({ [0x20, 0x09, 0x0d].contains($0) }) { continue }
      let place = "\(path): line \(number)"
      return (try JSON.parse([UInt8](line), source: place), place)
    }
    return nil
  }
}
