// The weights of a GGUF file under the names and in the order that config.json's families give them. What the file holds as it is
// wanted stays mapped; the rest (rows in another order, norms with their 1, exchanged rows and columns) is made when it is
// asked for.
//
// Unsafe memory: `bytes` hands out what it made, and keeps it until `forget`.

import SafeIO
import Synchronization
import TensorCore
import WeightFiles

/// The tensors of a GGUF file as a model folder would hold them.
package final class GGUFWeights: WeightSource {
  package let file: GGUFFile
  package let entries: [TensorEntry]
  package var metadata: WeightMetadata { [:] }
  /// By the names of `entries`.
  private let parts: [String: Part]
  /// Tensors of the file that no part comes from.
  package let unused: [String]
  private let made = Mutex<[String: Tensor]>([:])

  /// What a weight is made of.
  private struct Part {
    let placement: GGUFPlacement
    let tensor: GGUFTensor
    /// The first row of the tensor, all leading dimensions taken together.
    let firstRow: Int
    let rows: Int
    let entry: TensorEntry

    /// Whether the bytes of the file are those of the weight.
    var isStoredSo: Bool {
      placement.order == .same && placement.offset == 0 && !isTransposed
    }
    /// Whether rows and columns of its floats are exchanged.
    var isTransposed: Bool {
      if case .plain = tensor.type { placement.parameter.isTransposed } else { false }
    }
    var rowBytes: Int { tensor.type.rowBytes(tensor.shape.last ?? 1) }
  }

  /// Finds the weights of a specification; those that the file lacks are missing in `entries`.
  ///
  /// - Throws: `Failure.badData` for a tensor of another shape than the metadata calls for.
  init(_ file: GGUFFile, _ spec: DecoderSpec, _ architecture: GGUFArchitecture) throws(Failure) {
    self.file = file
    var parts: [String: Part] = [:]
    var used: Set<String> = ["rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"]
    for placement in spec.ggufPlacements(architecture) {
      guard let part = try Self.part(placement, file) else { continue }
      parts[placement.parameter.name] = part
      used.insert(part.tensor.name)
    }
    self.parts = parts
    entries = parts.values.map(\.entry).sorted { $0.name.precedes($1.name) }
    unused = file.header.tensors.map(\.name).filter { !used.contains($0) }
  }

  private static func part(_ placement: GGUFPlacement, _ file: GGUFFile) throws(Failure) -> Part? {
    let parameter = placement.parameter
    var firstRow = 0
    var found = file.described(placement.tensor)
    if found == nil, let (name, row) = placement.alternative {
      found = file.described(name)
      firstRow = row
    }
    guard let tensor = found else { return nil }
    // A matrix of one row may be stored as a vector.
    let rows = parameter.shape.count == 1 ? 1 : parameter.shape[0]
    let columns = parameter.shape[parameter.shape.count - 1]
    let isMatrix = parameter.shape.count > 1
    var stated = tensor.shape
    if isMatrix && stated.count == 1 { stated = [1, stated[0]] }
    var total = rows
    if let (index, count) = placement.expert {
      firstRow = isMatrix ? index * rows : index
      total = isMatrix ? count * rows : count
    }
    let isWhole = placement.alternative == nil || tensor.name == placement.tensor
    let leading = stated.dropLast().reduce(1, *)
    let isRight: Bool
    if isMatrix {
      isRight = stated.last == columns && (isWhole ? leading == total : firstRow + rows <= leading)
    } else if placement.expert != nil {
      isRight = stated.last == columns && leading == total
    } else {
      // Biases of several layers may be one vector, of which this is a piece.
      isRight = leading == 1 && (isWhole ? stated.last == columns : firstRow + columns <= stated.last ?? 0)
    }
    guard isRight else {
      throw .badData(
        "\(file.path): tensor '\(tensor.name)'",
        "has the shape \(tensor.shape), but the metadata calls for \(parameter.shape) of it as '\(parameter.name)'"
      )
    }
    let entry: TensorEntry
    switch tensor.type {
    case .plain(let dtype):
      entry = TensorEntry(
        name: parameter.name, dtype: placement.offset == 0 ? dtype : .f32, shape: parameter.storedShape)
    case .blocks(let format):
      guard isMatrix else {
        throw .badData(
          "\(file.path): tensor '\(tensor.name)'", "is \(tensor.type.name), but vectors are plain floats")
      }
      entry = TensorEntry(
        name: parameter.name, dtype: .u8, shape: [rows, columns / format.blockSize * format.blockBytes])
    }
    return Part(placement: placement, tensor: tensor, firstRow: firstRow, rows: rows, entry: entry)
  }

  /// Whether some weights are no plain floats.
  var hasBlocks: Bool { parts.values.contains { $0.entry.dtype == .u8 } }

  /// The block format of a weight; nil for plain floats.
  package func blockFormat(_ name: String) -> BlockFormat? {
    if case .blocks(let format)? = parts[name]?.tensor.type { format } else { nil }
  }

  package func tensor(_ name: String) throws(Failure) -> Tensor {
    let part = try part(name)
    guard part.isStoredSo else { return try make(part) }
    let bytes = try stored(part)
    if UInt(bitPattern: bytes.baseAddress) % UInt(part.entry.dtype.size) != 0 {
      let copy = Tensor.uninitialized(part.entry.shape, dtype: part.entry.dtype)
      copy.withMutableBytes { $0.copyMemory(from: bytes) }
      return copy
    }
    return Tensor(mapping: bytes, owner: file, shape: part.entry.shape, dtype: part.entry.dtype)
  }

  package func bytes(_ name: String) throws(Failure) -> UnsafeRawBufferPointer {
    let part = try part(name)
    if part.isStoredSo { return try stored(part) }
    let tensor = try made.withLock { made throws(Failure) in
      if let tensor = made[name] { return tensor }
      let tensor = try make(part)
      made[name] = tensor
      return tensor
    }
    return tensor.withBytes { $0 }
  }

  package func forget(_ name: String) {
    guard let part = parts[name] else { return }
    made.withLock { $0[name] = nil }
    file.forget(part.tensor.name)
  }

  private func part(_ name: String) throws(Failure) -> Part {
    guard let part = parts[name] else { throw .badData(file.path, "has no tensor for '\(name)'") }
    return part
  }

  /// The bytes of its rows where they lie.
  private func stored(_ part: Part) throws(Failure) -> UnsafeRawBufferPointer {
    let all = try file.bytes(part.tensor.name)
    guard part.placement.parameter.shape.count == 1, part.placement.expert == nil else {
      let start = part.firstRow * part.rowBytes
      return UnsafeRawBufferPointer(rebasing: all[start..<start + part.entry.byteCount])
    }
    let start = part.firstRow * part.entry.dtype.size
    return UnsafeRawBufferPointer(rebasing: all[start..<start + part.entry.byteCount])
  }

  private func make(_ part: Part) throws(Failure) -> Tensor {
    let source = try stored(part)
    let parameter = part.placement.parameter
    let (shape, dtype) = (parameter.shape, part.entry.dtype)
    let isVector = shape.count == 1
    let rows = isVector ? shape[0] : shape[0]
    let rowBytes = isVector ? dtype.size : part.rowBytes
    let ordered = Tensor.uninitialized(
      part.isTransposed || isVector ? shape : [rows, rowBytes / dtype.size], dtype: dtype)
    ordered.withMutableBytes { target in
      for row in 0..<rows {
        let from = part.placement.order.source(row) * rowBytes
        UnsafeMutableRawBufferPointer(rebasing: target[row * rowBytes..<(row + 1) * rowBytes])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from..<from + rowBytes]))
      }
    }
    if part.placement.offset != 0 {
      return (ordered.cast(to: .f32) - part.placement.offset).detached()
    }
    return part.isTransposed ? ordered.cast(to: .f32).transposed([1, 0]).cast(to: dtype) : ordered
  }
}
