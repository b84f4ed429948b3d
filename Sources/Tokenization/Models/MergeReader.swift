// Reads the merges of a BPE model, a few hundred thousand of them, without making a string for each.

import SafeIO

/// Reads `merges` of tokenizer.json, each a string `"a b"` or a pair `["a", "b"]`.
struct MergeReader {
  let fields: Fields
  let vocabulary: Vocabulary
  /// How many bytes of the right half are a prefix that a merged token does not repeat.
  let prefixLength: Int

  /// The merges by their pairs, and where they never reach across.
  /// - Throws: `Failure.badData` when an entry is no pair, or one of its tokens is not in the vocabulary.
  func read() throws(Failure) -> (table: MergeTable, boundary: MergeBoundary?) {
    let entries = try fields.array("merges")
    var table = MergeTable(capacity: entries.count)
    var boundary = MergeBoundary(vocabulary)
    var halves: [UInt8] = []
    var rank: UInt32 = 0
    for (position, entry) in entries.enumerated() {
      guard let middle = try write(entry, position, to: &halves) else { continue }
      let left = vocabulary.id(of: halves[..<middle])
      let right = vocabulary.id(of: halves[middle...])
      boundary?.note(left: halves[..<middle], right: halves[middle...])
      halves.removeSubrange(middle..<min(middle + prefixLength, halves.count))
      guard let left, let right, let merged = vocabulary.id(of: halves) else {
        throw fields.complaint(
          "merges",
          "entry \(position), \(entry.text().prefix(80)), needs a token that is not in the vocabulary")
      }
      table.insert(left, right, .init(rank: rank, id: merged))
      rank += 1
    }
    return (table, boundary)
  }

  /// Writes both tokens of an entry to `halves` and gives the place where the second begins; nil for the version line
  /// of a merges.txt.
  private func write(_ entry: JSON, _ position: Int, to halves: inout [UInt8]) throws(Failure) -> Int? {
    halves.removeAll(keepingCapacity: true)
    switch entry {
    case .string(let text):
      if text.utf8.starts(with: "#version".utf8) { return nil }
      var middle: Int?
      for byte in text.utf8 {
        if byte != UInt8(ascii: " ") {
          halves.append(byte)
        } else if middle == nil {
          middle = halves.count
        } else {
          throw notAPair(entry, position)
        }
      }
      if let middle { return middle }
    case .array(let pair):
      if pair.count == 2, case .string(let left) = pair[0], case .string(let right) = pair[1] {
        halves.append(contentsOf: left.utf8)
        defer { halves.append(contentsOf: right.utf8) }
        return halves.count
      }
    default: break
    }
    throw notAPair(entry, position)
  }

  private func notAPair(_ entry: JSON, _ position: Int) -> Failure {
    fields.complaint("merges", "entry \(position) is no pair of tokens: \(entry.text().prefix(60))")
  }
}
