// How commands that compute with a model open it.

import FineTuning
import Models
import SafeIO

/// A model folder with its decoder, and an adapter if one was named.
struct OpenedModel {
  let directory: ModelDirectory
  let decoder: Decoder

  /// Opens the folder, and tells of tensors that are not used, since they may mean that the configuration is wrong.
  ///
  /// - Throws: `Failure` that names the file.
  init(path: String, adapter: String? = nil, quiet: Bool = false) throws {
    directory = try ModelDirectory(path: path)
    decoder = try Decoder(directory)
    if let adapter { try AdapterFiles.load(adapter, into: decoder) }
    let ignored = directory.ignoredTensors
    if let first = ignored.first, !quiet {
      Console.note("\(path): \(ignored.count) tensors of the weight files are not used, such as '\(first)'")
    }
  }
}
