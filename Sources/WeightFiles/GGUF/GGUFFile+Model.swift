// Which GGUF file a model's path means: itself, or the one in a folder that has no config.json.

import SafeIO

extension GGUFFile {
  /// - Throws: `Failure.badData` for a part of a model that was split.
  private func whole() throws(Failure) -> GGUFFile {
    guard let parts = try integer("split.count"), parts > 1 else { return self }
    let number = (try integer("split.no") ?? 0) + 1
    throw .badData(path, "is part \(number) of \(parts) of a model; join them with llama-gguf-split --merge")
  }

  /// Opens the GGUF file of a model; nil for a model folder of another kind, and for a file that is none.
  ///
  /// - Throws: `Failure.badData` for a file whose header is wrong, or a folder with several.
  package static func of(model path: String) throws(Failure) -> GGUFFile? {
    guard Files.isDirectory(path) else {
      let isNamedSo = path.hasSuffix(".gguf")
      guard try isNamedSo ? true : isGGUF(path: path) else { return nil }
      return try GGUFFile(path: path).whole()
    }
    guard !Files.exists("\(path)/config.json") else { return nil }
    let names = try Files.list(path).filter { $0.hasSuffix(".gguf") && !$0.hasPrefix(".") }
    guard let name = names.first else { return nil }
    guard names.count == 1 else {
      throw .badData(
        path, "holds \(names.count) GGUF files, such as \(name) and \(names[1]); name one of them")
    }
    return try GGUFFile(path: "\(path)/\(name)").whole()
  }
}
