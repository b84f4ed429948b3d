// A folder of a test's own.

import Foundation
import SafeIO

/// A temporary folder that is removed with the object.
package final class Scratch: Sendable {
  package let path: String

  package init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("mlt-test-\(UUID().uuidString)").path
    try Files.makeDirectory(path)
  }

  deinit { try? Files.removeTree(path) }

  /// Writes a file into the folder and gives its path.
  @discardableResult
  package func write(_ text: String, _ name: String) throws -> String {
    try write([UInt8](text.utf8), name)
  }

  /// Writes a file into the folder and gives its path.
  @discardableResult
  package func write(_ bytes: [UInt8], _ name: String) throws -> String {
    let file = "\(path)/\(name)"
    try Files.makeDirectory(Files.parent(of: file))
    try Files.writeAtomically(bytes, to: file)
    return file
  }
}
