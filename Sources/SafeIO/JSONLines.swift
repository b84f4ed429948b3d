// JSONL: one JSON value a line.

/// The values of a file with one on each line, compressed or not; blank lines are passed over.
package struct JSONLines {
  private let path: String
  private var lines: LineReader

  /// Opens the file.
  /// - Throws: `Failure` when it can't be read.
  package init(path: String) throws(Failure) {
    self.path = path
    lines = try LineReader(path: path)
  }

  /// The next value, and the file with the number of its line for errors; nil at the end.
  ///
  /// - Throws: `Failure.badData` for a line that is no JSON, and what `LineReader` refuses; `interrupted`.
  package mutating func next() throws(Failure) -> (value: JSON, place: String)? {
    while let line = try lines.next() {
      if line.allSatisfy({ [0x20, 0x09, 0x0d].contains($0) }) { continue }
      let place = "\(path): line \(lines.number)"
      return (try JSON.parse([UInt8](line), source: place), place)
    }
    return nil
  }
}
