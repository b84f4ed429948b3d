// How commands that compute with a model open it.

import FineTuning
import Generation
import Models
import SafeIO
import TensorCore

/// A model folder with its decoder, and an adapter if one was named.
struct OpenedModel {
  let directory: ModelDirectory
  let decoder: Decoder

  /// Opens the folder, and tells of tensors that are not used, since they may mean that the configuration is wrong.
  ///
  /// - Throws: `Failure` that names the file.
  init(path: String, adapter: String? = nil, arithmetic: Arithmetic, quiet: Bool = false) throws {
    directory = try ModelDirectory(path: path)
    decoder = try Decoder(directory, arithmetic: arithmetic)
    if let adapter { try AdapterFiles.load(adapter, into: decoder) }
    if !quiet { directory.tellIgnoredTensors() }
  }
}

extension LanguageModel {
  /// Opens the folder as `OpenedModel` does, with all that generating text needs.
  convenience init(path: String, adapter: String?, arithmetic: Arithmetic, quiet: Bool) throws {
    try self.init(path: path, arithmetic: arithmetic)
    if let adapter { try AdapterFiles.load(adapter, into: decoder) }
    if !quiet { directory.tellIgnoredTensors() }
  }
}

extension ModelDirectory {
  fileprivate func tellIgnoredTensors() {
    let ignored = ignoredTensors
    guard let first = ignored.first else { return }
    Console.note("\(path): \(ignored.count) tensors of the weight files are not used, such as '\(first)'")
  }
}
