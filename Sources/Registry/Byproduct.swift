// A by-product, in SLSA's words, is a file of an artifact that holds measurements beside what the inputs decide: the log
// of a training run has losses, the same in every run, and times, never the same. Its digest is that of the file
// without the measurements: the manifest stays a function of the inputs, and a changed loss still shows.

import SafeIO

/// A log in an artifact: lines of JSON, of which some members are measurements.
package struct Byproduct: Sendable, Equatable {
  package let path: TreePath
  /// The members of a line that its digest leaves out.
  package let measurements: [String]

  package init(path: TreePath, measurements: [String]) {
    self.path = path
    self.measurements = measurements
  }

  /// The file's bytes without the measurements, which are what its digest is taken of; nil when the file is not as mlt
  /// writes a log.
  func reproducible(below directory: String) throws(Failure) -> [UInt8]? {
    var bytes: [UInt8] = []
    _ = try Digest.file(path, below: directory) { piece throws(Failure) in bytes.append(contentsOf: piece) }
    guard bytes.last == UInt8(ascii: "\n"), let text = String(validating: bytes, as: UTF8.self) else {
      return nil
    }
    var result = ""
    for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
      guard let json = try? JSON.parse(String(line) ?? "", source: path.text), var object = json.objectValue,
        json.text(.python).utf8.elementsEqual(line)
      else { return nil }
      for name in measurements { object[name] = nil }
      result += JSON.object(object).text(.python) + "\n"
    }
    return [UInt8](result.utf8)
  }

  /// An SLSA resource descriptor.
  func json(sha256: String) -> JSON {
    [
      "name": .string(path.text), "digest": ["sha256": .string(sha256)],
      "annotations": ["digestOf": "lines", "without": .array(measurements.map(JSON.string))],
    ]
  }
}
