// Adapter folders: which format one is in, and the doors for reading and writing. Each format has a file of its own
// that maps names, orientations and configuration keys to an `Adapter` and back.

import SafeIO
import TensorCore
import WeightFiles

/// The folder formats of adapters.
package enum AdapterFormat: String, Sendable, CaseIterable {
  /// Hugging Face PEFT: `adapter_model.safetensors`, factors `[rank, in]` and `[out, rank]`, scale alpha / rank.
  case peft
  /// mlx-lm: `adapters.safetensors`, factors `[in, rank]` and `[rank, out]`, the scale as it is.
  case mlx

  /// The file that holds the factors.
  package var weightsFile: String {
    switch self {
    case .peft: "adapter_model.safetensors"
    case .mlx: "adapters.safetensors"
    }
  }
}

/// Reading and writing adapter folders.
package enum AdapterFiles {
  /// The configuration file, of the same name in both formats.
  package static let configurationFile = "adapter_config.json"

  /// What an adapter is written for.
  package struct Base: Sendable {
    /// The name of the base model, for the reader's information.
    package let name: String
    /// Every linear inside the blocks, by path, and the number of blocks: tells which targets are all of a kind.
    package let linears: [String]
    package let blocks: Int

    package init(name: String, linears: [String], blocks: Int) {
      self.name = name
      self.linears = linears
      self.blocks = blocks
    }
  }

  /// The format of a folder.
  /// - Throws: `Failure` when the folder is missing or holds no adapter.
  package static func format(of directory: String) throws(Failure) -> AdapterFormat {
    guard Files.isDirectory(directory) else { throw .notFound(directory, "no such adapter folder") }
    guard let format = AdapterFormat.allCases.first(where: { Files.exists("\(directory)/\($0.weightsFile)") })
    else {
      guard !Files.exists("\(directory)/config.json") else {
        throw .badData(directory, "is a whole model, not an adapter; give it as the model")
      }
      let hint =
        Files.exists("\(directory)/\(RunDirectory.recordFile)")
        ? "; a fine-tuning run is unfinished there: complete it with mlt lora --resume" : ""
      let expected = AdapterFormat.allCases.map(\.weightsFile).joined(separator: " nor ")
      throw .badData(directory, "is no adapter: it has neither \(expected)\(hint)")
    }
    return format
  }

  /// The path of the weights of an adapter in either format.
  /// - Throws: as `format(of:)`.
  package static func weights(of directory: String) throws(Failure) -> String {
    "\(directory)/\(try format(of: directory).weightsFile)"
  }

  /// Reads an adapter folder of either format.
  ///
  /// - Throws: `Failure.badData` for files that don't fit together, and for features that would change the result
  ///   silently if they were ignored (DoRA, trained biases, saved modules).
  package static func read(directory: String) throws(Failure) -> Adapter {
    let format = try format(of: directory)
    let configuration = try Fields(
      JSON.read(path: "\(directory)/\(configurationFile)"), source: "\(directory)/\(configurationFile)")
    let weights = try SafetensorsFile(path: "\(directory)/\(format.weightsFile)")
    let adapter =
      switch format {
      case .peft: try PEFTFormat.read(weights, configuration)
      case .mlx: try MLXFormat.read(weights, configuration)
      }
    guard !adapter.pairs.isEmpty else { throw .badData(weights.path, "has no adapter tensors") }
    return adapter
  }

  /// Writes the two files of an adapter into a folder; the configuration last, without which no one loads it.
  package static func write(
    _ adapter: Adapter, format: AdapterFormat, dtype: DType, base: Base, into directory: String
  ) throws(Failure) {
    let (tensors, metadata, configuration) =
      switch format {
      case .peft: PEFTFormat.files(adapter, base: base)
      case .mlx: try MLXFormat.files(adapter, base: base)
      }
    try SafetensorsWriter.write(
      path: "\(directory)/\(format.weightsFile)",
      tensors: tensors.map { ($0.name, $0.tensor.cast(to: dtype)) }, metadata: metadata)
    try Files.writeAtomically(
      configuration.text(.pretty(indent: 2), sortedKeys: true) + "\n", to: "\(directory)/\(configurationFile)"
    )
  }
}

extension WeightSource {
  /// A matrix of any float type as f32.
  func factor(_ name: String, path: String) throws(Failure) -> Tensor {
    let tensor = try tensor(name)
    guard tensor.rank == 2, tensor.dtype.isFloat, tensor.count > 0 else {
      throw .badData("\(path): tensor '\(name)'", "expected a matrix of floats, found \(tensor)")
    }
    return tensor.cast(to: .f32)
  }
}
