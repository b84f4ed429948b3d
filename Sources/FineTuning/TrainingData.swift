// The dataset of a run: a file, or a folder with train.jsonl, valid.jsonl and test.jsonl, read whole before the
// first step, so that a broken last line is found before hours of work.

import SafeIO

/// The rows of one file.
package struct Dataset: Sendable {
  package let path: String
  package let rows: [TrainingRow]
  /// Rows that were cut to the longest length allowed.
  package let cutRows: Int
  /// The lines of the rows that were left out, since cutting left them nothing to learn.
  package let skippedLines: [Int]

  /// Tokens that are read.
  package var tokens: Int { rows.reduce(0) { $0 + $1.inputs.count } }
  /// Tokens that are learned.
  package var trainedTokens: Int { rows.reduce(0) { $0 + $1.trainedTokens } }
}

/// The files of a dataset that exist.
package struct TrainingData: Sendable {
  package let train: Dataset
  package let valid: Dataset?
  package let test: Dataset?

  /// Those that are there, by role.
  package var sets: [(role: String, rows: Dataset)] {
    [("train", train), ("valid", valid), ("test", test)].compactMap { role, rows in rows.map { (role, $0) } }
  }

  /// Rows that were left out.
  package var skippedRows: Int { sets.reduce(0) { $0 + $1.rows.skippedLines.count } }

  /// Which file is which: `path` itself, or the files of that name in the folder `path`.
  package static func files(at path: String) throws(Failure) -> [(role: String, path: String)] {
    guard Files.exists(path) else { throw .notFound(path, "no such training data") }
    guard Files.isDirectory(path) else { return [("train", path)] }
    let files = ["train", "valid", "test"].map { (role: $0, path: "\(path)/\($0).jsonl") }
      .filter { Files.exists($0.path) }
    guard files.first?.role == "train" else {
      throw .notFound("\(path)/train.jsonl", "the folder of training data has no train.jsonl")
    }
    return files
  }

  /// Reads every row of every file.
  /// - Throws: `Failure` that names file and line.
  package static func load(
    from path: String, progress: (any ProgressReporting)? = nil, reader: () -> RowReader
  ) throws -> TrainingData {
    var sets: [String: Dataset] = [:]
    for (role, file) in try files(at: path) {
      sets[role] = try Dataset(path: file, reader: reader(), progress: progress)
    }
    guard let train = sets["train"] else { throw Failure.notFound(path) }
    return TrainingData(train: train, valid: sets["valid"], test: sets["test"])
  }
}

extension Dataset {
  /// Reads a file of one JSON object a line, or of one JSON array of objects.
  package init(path: String, reader: RowReader, progress: (any ProgressReporting)? = nil) throws {
    let file = try MappedFile(path: path)
    defer { withExtendedLifetime(file) {} }
    let bytes = Self.withoutMark(file.bytes)
    var rows: [TrainingRow] = []
    progress?.begin("reading \(Files.name(of: path))", total: bytes.count)
    defer { progress?.end(summary: nil) }
    if let array = try Self.array(in: bytes, path: path) {
      for (index, json) in array.enumerated() {
        try Interruption.check()
        if let row = try reader.row(json, line: index + 1, place: "\(path), item \(index + 1)") {
          rows.append(row)
        }
      }
    } else {
      var start = 0
      var line = 0
      while start < bytes.count {
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        line += 1
        let place = "\(path), line \(line)"
        if let json = try Self.parse(bytes[start..<end], place: place),
          let row = try reader.row(json, line: line, place: place)
        {
          rows.append(row)
        }
        start = end + 1
        if line % 64 == 0 {
          try Interruption.check()
          progress?.advance(to: start, detail: "\(line) rows")
        }
      }
    }
    skippedLines = reader.skippedLines
    guard !rows.isEmpty else {
      throw Failure.badData(
        path,
        skippedLines.isEmpty
          ? "has no rows; expected one JSON object a line"
          : "no row has anything left to learn when cut to \(reader.limit) tokens; raise --max-seq-length")
    }
    self.path = path
    self.rows = rows
    cutRows = reader.cutRows
  }

  /// A file's bytes behind the UTF-8 byte order mark that some editors put first.
  private static func withoutMark(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? UnsafeRawBufferPointer(rebasing: bytes.dropFirst(3)) : bytes
  }

  /// The elements when the file is one JSON array.
  private static func array(in bytes: UnsafeRawBufferPointer, path: String) throws(Failure) -> [JSON]? {
    let first = bytes.first { !isSpace($0) }
    guard first == UInt8(ascii: "[") else { return nil }
    return try JSON.parse(bytes, source: path).arrayValue
  }

  /// One line; nil when it is blank.
  ///
  /// A line that is not JSON is an error with its number, not with the parser's.
  private static func parse(
    _ line: Slice<UnsafeRawBufferPointer>, place: String
  ) throws(Failure) -> JSON? {
    guard line.contains(where: { !isSpace($0) }) else { return nil }
    do {
      return try JSON.parse(UnsafeRawBufferPointer(rebasing: line), source: "")
    } catch {
      let problem = error.message.replacing(": line 1, ", with: "", maxReplacements: 1)
      throw .badData(place, "expected one JSON object: \(problem)")
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
}
