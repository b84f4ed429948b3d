// The place where a weight format plugs in: one row in `all`, one file that reads it, one that writes it. Nothing above asks
// which format it was.

import SafeIO

/// A kind of weight file.
package struct WeightFormat: Sendable {
  package let name: String
  /// Whether a file of this name that starts with these bytes (at most 16) is of the format.
  package let recognizes: @Sendable (_ fileName: String, _ head: [UInt8]) -> Bool
  package let open: @Sendable (_ path: String) throws(Failure) -> any WeightSource

  package static let all: [WeightFormat] = [.gguf, .hdf5, .safetensors]

  /// Opens a weight file by its content, or a model folder.
  ///
  /// - Throws: `Failure` when nothing is there, when no format recognizes the file, or when its content is wrong.
  package static func open(path: String) throws(Failure) -> any WeightSource {
    if Files.isDirectory(path) {
      let hasOther = !ShardedWeights.isIn(path) && Files.exists("\(path)/\(HDF5File.modelFile)")
      return hasOther
        ? try HDF5File(path: "\(path)/\(HDF5File.modelFile)") : try ShardedWeights(directory: path)
    }
    let file = try MappedFile(path: path)
    let head = withExtendedLifetime(file) { [UInt8](file.bytes.prefix(16)) }
    guard let format = all.first(where: { $0.recognizes(Files.name(of: path), head) }) else {
      let known = all.map(\.name).sorted().joined(separator: ", ")
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

  /// HDF5: known by its signature, or by an extension where the signature is further back or missing.
  package static let hdf5 = WeightFormat(
    name: "HDF5",
    recognizes: { fileName, head in
      head.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A])
        || [".h5", ".hdf5"].contains { fileName.hasSuffix($0) }
    },
    open: { path throws(Failure) in try HDF5File(path: path) })

  /// The format of llama.cpp (ggml/docs/gguf.md): known by its extension, or by its first four bytes.
  package static let gguf = WeightFormat(
    name: "GGUF",
    recognizes: { fileName, head in
      fileName.hasSuffix(".gguf") || head.prefix(4).elementsEqual(GGUFHeader.magic)
    },
    open: { path throws(Failure) in try GGUFFile(path: path) })
}
