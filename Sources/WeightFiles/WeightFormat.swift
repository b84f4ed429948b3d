// The place where a weight format plugs in: one row in `all`, one file that reads it. Nothing above asks which
// format it was.

import SafeIO

/// A kind of weight file.
package struct WeightFormat: Sendable {
  package let name: String
  /// Whether a file of this name that starts with these bytes (at most 16) is of the format.
  package let recognizes: @Sendable (_ fileName: String, _ head: [UInt8]) -> Bool
  package let open: @Sendable (_ path: String) throws(Failure) -> any WeightSource

  package static let all: [WeightFormat] = [.safetensors]

  /// Opens a weight file by its content, or a model folder.
  ///
  /// - Throws: `Failure` when nothing is there, when no format recognizes the file, or when its content is wrong.
  package static func open(path: String) throws(Failure) -> any WeightSource {
    if Files.isDirectory(path) { return try ShardedWeights(directory: path) }
    let file = try MappedFile(path: path)
    let head = withExtendedLifetime(file) { [UInt8](file.bytes.prefix(16)) }
    guard let format = all.first(where: { $0.recognizes(Files.name(of: path), head) }) else {
      let known = all.map(\.name).joined(separator: ", ")
      throw .badData(path, "is not a weight file of a known format (\(known))")
    }
    return try format.open(path)
  }
}

extension WeightFormat {
  /// The format of <https://github.com/huggingface/safetensors>: known by its extension, or by a header length
  /// followed by `{`.
  package static let safetensors = WeightFormat(
    name: "safetensors",
    recognizes: { fileName, head in
      fileName.hasSuffix(".safetensors") || (head.count > 8 && head[8] == UInt8(ascii: "{"))
    },
    open: { path throws(Failure) in try SafetensorsFile(path: path) })
}
