// What every writer of weight files does, whatever its format.

import SafeIO

/// Writes one file of tensors that were announced with their types and shapes.
protocol WeightFileWriter: AnyObject {
  /// The tensors as they follow each other in a file.
  static func inFileOrder(_ entries: [TensorEntry]) -> [TensorEntry]

  /// Writes the next bytes of a tensor; a large one may come in several pieces.
  ///
  /// - Throws: `Failure`: `io`, or `interrupted` between pieces of 64 MB.
  func append(_ name: String, bytes: UnsafeRawBufferPointer) throws(Failure)

  /// Whether every byte of a tensor was written.
  func isComplete(_ name: String) -> Bool

  /// Gives the file its name, and first makes it durable.
  ///
  /// - Parameter durably: false in a staging folder, which is made durable as a whole.
  func finish(durably: Bool) throws(Failure)
}

/// The formats in which weights are written.
package enum WrittenFormat: String, Sendable, CaseIterable {
  case safetensors
  case hdf5

  var writer: any WeightFileWriter.Type {
    switch self {
    case .safetensors: SafetensorsWriter.self
    case .hdf5: HDF5Writer.self
    }
  }
}
