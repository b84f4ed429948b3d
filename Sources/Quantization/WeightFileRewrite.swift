// Weights without a model around them, such as those of Keras: no configuration says what they are for, so they go into
// another format as they are, every tensor under its name.

import SafeIO
import TensorCore
import WeightFiles

/// A weight file to be written in another format.
package struct WeightFileRewrite {
  /// Bytes that are written at a time.
  private static let pieceBytes = 32 << 20

  private let source: any WeightSource
  private let format: WrittenFormat

  /// - Throws: `Failure.badData` for a file of no known format, or a damaged one.
  package init(path: String, format: WrittenFormat) throws(Failure) {
    source = try WeightFormat.open(path: path)
    self.format = format
  }

  /// Writes the weights into a staging folder.
  ///
  /// - Parameter follower: who reads them while they are written.
  /// - Throws: `Failure`: `io`, `interrupted`, and `badData` for values that can't be read, and names that the format can't
  ///   hold.
  package func write(
    into directory: String, follower: (any FileFollower)? = nil, progress: (any ProgressReporting)? = nil
  ) throws(Failure) -> RewriteReport {
    var metadata = source.metadata
    if metadata.isEmpty, format == .safetensors { metadata["format"] = "pt" }
    let writer = ModelWriter(
      directory: directory, entries: source.entries, format: format, metadata: metadata, durably: false,
      follower: follower)
    let total = source.entries.reduce(0) { $0 + $1.byteCount }
    var done = 0
    progress?.begin("writing weights", total: total)
    for entry in writer.inFileOrder(source.entries, \.name) {
      let bytes = try source.bytes(entry.name)
      for start in stride(from: 0, to: max(1, bytes.count), by: WeightFileRewrite.pieceBytes) {
        try Interruption.check()
        let end = min(bytes.count, start + WeightFileRewrite.pieceBytes)
        try writer.append(entry.name, bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
        source.forget(entry.name)
        done += end - start
        progress?.advance(to: done, detail: entry.name)
      }
    }
    progress?.end(summary: nil)
    try writer.finish()
    return RewriteReport(
      matrices: [], parameterCount: source.entries.reduce(0) { $0 + $1.elementCount }, byteCount: total,
      expanded: [], dropped: [], unknown: [])
  }
}
