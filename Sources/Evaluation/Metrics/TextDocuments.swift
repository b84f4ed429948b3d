// Texts to be measured on: JSONL, one document a line.

import SafeIO

/// The documents of a JSONL file.
package enum TextDocuments {
  /// Reads the text under `key` of each line.
  ///
  /// - Throws: `Failure.badData` with file and line for a line that is not an object with this text, and for a file
  ///   without any.
  package static func read(path: String, key: String) throws(Failure) -> [String] {
    var documents: [String] = []
    var lines = try JSONLines(path: path)
    while let (line, place) = try lines.next() {
      documents.append(try Fields(line, source: place).string(key))
    }
    guard !documents.isEmpty else { throw .badData(path, "holds no documents") }
    return documents
  }
}
