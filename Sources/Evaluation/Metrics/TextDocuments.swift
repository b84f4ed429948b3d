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
    let lines = try Files.readText(path: path).utf8.split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() where !line.allSatisfy({ $0 == 32 || $0 == 13 || $0 == 9 }) {
      let place = "\(path): line \(number + 1)"
      let fields = try Fields(JSON.parse([UInt8](line), source: place), source: place)
      documents.append(try fields.string(key))
    }
    guard !documents.isEmpty else { throw .badData(path, "holds no documents") }
    return documents
  }
}
