// The dataset of a run: a file, or a folder with train.jsonl, valid.jsonl and test.jsonl, each plain or as .jsonl.zst, read
// whole before the first step, so that a broken last line is found before hours of work.

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
    var files: [(role: String, path: String)] = []
    for role in ["train", "valid", "test"] {
      let found = ["\(path)/\(role).jsonl", "\(path)/\(role).jsonl.zst"].filter { Files.exists($0) }
      guard found.count < 2 else {
        throw .badData(path, "holds both \(role).jsonl and \(role).jsonl.zst; only one of them can be meant")
      }
      files += found.map { (role, $0) }
    }
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
  /// Reads a file of one JSON object a line, or of one JSON array of objects, compressed by zstd or not.
  package init(path: String, reader: RowReader, progress: (any ProgressReporting)? = nil) throws {
    let rows =
      try Self.isArray(path)
      ? Self.rows(inArray: path, reader: reader)
      : Self.rows(onLines: path, reader: reader, progress: progress)
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

  /// Whether the first thing in a file is the beginning of an array.
  private static func isArray(_ path: String) throws(Failure) -> Bool {
    let reader = try ByteReader(path: path)
    var beginning = [UInt8](repeating: 0, count: 4096)
    let count = try beginning.withUnsafeMutableBufferPointer { bytes throws(Failure) in
      try reader.readFully(into: UnsafeMutableRawBufferPointer(bytes))
    }
    let text = withoutMark(beginning[..<count])
    return text.first { !isSpace($0) } == UInt8(ascii: "[")
  }

  /// Text behind the UTF-8 byte order mark that some editors put first.
  private static func withoutMark(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    text.starts(with: [0xEF, 0xBB, 0xBF]) ? text.dropFirst(3) : text
  }

  private static func rows(
    onLines path: String, reader: RowReader, progress: (any ProgressReporting)?
  ) throws -> [TrainingRow] {
    var rows: [TrainingRow] = []
    var lines = try LineReader(path: path)
    progress?.begin("reading \(Files.name(of: path))", total: lines.size)
    defer { progress?.end(summary: nil) }
    while let line = try lines.next() {
      guard line.contains(where: { !isSpace($0) }) else { continue }
      let place = "\(path), line \(lines.number)"
      if let row = try reader.row(parse(line, place: place), line: lines.number, place: place) {
        rows.append(row)
      }
      if lines.number % 64 == 0 {
        try Interruption.check()
        progress?.advance(to: lines.position, detail: "\(lines.number) rows")
      }
    }
    return rows
  }

  /// The rows of a file that is one JSON array.
  private static func rows(inArray path: String, reader: RowReader) throws -> [TrainingRow] {
    var rows: [TrainingRow] = []
    let text = [UInt8](withoutMark(try ByteReader(path: path).readAll(limit: largestArray)[...]))
    for (index, json) in (try JSON.parse(text, source: path).arrayValue ?? []).enumerated() {
      try Interruption.check()
      if let row = try reader.row(json, line: index + 1, place: "\(path), item \(index + 1)") {
        rows.append(row)
      }
    }
    return rows
  }

  /// An array is read whole, so it may not have more than these many bytes.
  private static let largestArray = 1 << 30

  /// One line; what is not JSON is an error with its number, not with the parser's.
  private static func parse(_ line: ArraySlice<UInt8>, place: String) throws(Failure) -> JSON {
    do {
      return try line.withUnsafeBufferPointer { bytes throws(Failure) in
        try JSON.parse(UnsafeRawBufferPointer(bytes), source: "")
      }
    } catch {
      let problem = error.message.replacing(": line 1, ", with: "", maxReplacements: 1)
      throw .badData(place, "expected one JSON object: \(problem)")
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
}
