// Weights on their way from one model to another, in blocks of rows. What is held in memory is one block: its source is
// mapped and forgotten afterwards, its results go to the file at once.

import CKernels
import Models
import SafeIO
import TensorCore
import WeightFiles

final class WeightStream {
  /// Bytes of source that are worked on at a time; casting bf16 to f32 doubles it, which bounds what is held.
  private static let blockBytes = 32 << 20

  private let source: any WeightSource
  private let path: String
  private let writer: ModelWriter
  private let progress: (any ProgressReporting)?
  private let start = ContinuousClock.now
  private var bytesDone = 0

  init(
    _ source: any WeightSource, path: String, into writer: ModelWriter, progress: (any ProgressReporting)?,
    totalBytes: Int
  ) {
    self.source = source
    self.path = path
    self.writer = writer
    self.progress = progress
    progress?.begin("writing weights", total: totalBytes)
  }

  func end() { progress?.end(summary: nil) }

  /// Writes the tensors of a step.
  ///
  /// - Returns: what quantizing has cost, nil when nothing was quantized.
  func write(_ step: ModelRewrite.Step) throws(Failure) -> QuantizationError? {
    switch (step.treatment, step.source.form) {
    case (.quantize(let setting, let type), .floats(let entry)):
      return try quantize(
        entry, isTransposed: step.source.parameter.isTransposed, setting, type, step.targets)
    case (.dequantize(let type), .affine(let codes, let scales, let biases, let setting)):
      try dequantize(
        codes, scales, biases, setting, type, isTransposed: step.source.parameter.isTransposed,
        step.targets[0].name)
    case (.cast(let type), _):
      for entry in step.source.tensors { try copy(entry, as: entry.dtype == .u32 ? .u32 : type) }
    case (.quantize, .affine), (.dequantize, .floats): preconditionFailure("the plan was checked")
    }
    return nil
  }

  private func copy(_ entry: StoredTensor, as type: DType) throws(Failure) {
    for rows in blocks(entry) {
      try append(entry.name, try cast(try block(entry, rows), to: type, entry, rows))
      try advance(entry, rows.count * entry.rowBytes)
    }
  }

  private func quantize(
    _ entry: StoredTensor, isTransposed: Bool, _ setting: QuantizationSetting, _ type: DType,
    _ targets: [StoredTensor]
  ) throws(Failure) -> QuantizationError {
    var error = QuantizationError()
    for rows in blocks(entry, whole: isTransposed) {
      let stored = try cast(try block(entry, rows), to: type, entry, rows)
      let weights = isTransposed ? turned(stored) : stored
      let quantized = try AffineQuantizer.quantize(
        weights, bits: setting.bits, groupSize: setting.groupSize, place: place(entry),
        firstRow: rows.lowerBound)
      error.add(quantized)
      for (target, part) in zip(targets, [quantized.codes, quantized.scales, quantized.biases]) {
        try append(target.name, part)
      }
      try advance(entry, rows.count * entry.rowBytes)
    }
    return error
  }

  private func dequantize(
    _ codes: StoredTensor, _ scales: StoredTensor, _ biases: StoredTensor, _ setting: QuantizationSetting,
    _ type: DType, isTransposed: Bool, _ target: String
  ) throws(Failure) {
    let bytes = try source.bytes(codes)
    for rows in blocks(codes, whole: isTransposed) {
      let weights = AffineQuantizer.dequantize(
        codes: UnsafeRawBufferPointer(
          rebasing: bytes[rows.lowerBound * codes.rowBytes..<rows.upperBound * codes.rowBytes]),
        scales: try cast(try block(scales, rows), to: type, scales, rows),
        biases: try cast(try block(biases, rows), to: type, biases, rows), bits: setting.bits,
        groupSize: setting.groupSize)
      try append(target, isTransposed ? turned(weights) : weights)
      try advance(codes, rows.count * (codes.rowBytes + 2 * scales.rowBytes))
    }
  }

  // MARK: Blocks

  /// A matrix with rows and columns exchanged; by way of f32, which holds every bf16 and f16.
  private func turned(_ matrix: Tensor) -> Tensor {
    matrix.cast(to: .f32).transposed([1, 0]).cast(to: matrix.dtype)
  }

  /// Ranges of rows of about `blockBytes`, or one of all; an empty one for a tensor without rows.
  private func blocks(_ entry: StoredTensor, whole: Bool = false) -> [Range<Int>] {
    let rows = entry.shape[0]
    if whole { return [0..<rows] }
    guard rows > 0 else { return [0..<0] }
    let height = max(1, WeightStream.blockBytes / max(1, entry.rowBytes))
    return stride(from: 0, to: rows, by: height).map { $0..<min(rows, $0 + height) }
  }

  /// Rows of a stored tensor, where they lie.
  private func block(_ entry: StoredTensor, _ rows: Range<Int>) throws(Failure) -> Tensor {
    let bytes = try source.bytes(entry)
    let range = rows.lowerBound * entry.rowBytes..<rows.upperBound * entry.rowBytes
    return Tensor(
      mapping: UnsafeRawBufferPointer(rebasing: bytes[range]), owner: source,
      shape: [rows.count] + entry.shape.dropFirst(), dtype: entry.dtype)
  }

  private func cast(
    _ tensor: Tensor, to type: DType, _ entry: StoredTensor, _ rows: Range<Int>
  ) throws(Failure) -> Tensor {
    guard tensor.dtype != type else { return tensor }
    // By way of f32, which holds every bf16 and f16, so the only rounding is the last.
    let result = tensor.cast(to: .f32).cast(to: type)
    guard type == .f16 else { return result }
    let place = result.withBytes { bytes in
      Int(mlt_f16_first_infinity(bytes.bindMemory(to: UInt16.self).baseAddress, Int64(result.count)))
    }
    guard place < 0 else {
      throw .badData(
        self.place(entry),
        "element \(rows.lowerBound * entry.rowBytes / entry.dtype.size + place) is too large for float16, which ends at "
          + "65504; use bfloat16")
    }
    return result
  }

  private func append(_ name: String, _ tensor: Tensor) throws(Failure) {
    defer { withExtendedLifetime(tensor) {} }
    try writer.append(name, bytes: tensor.withBytes { $0 })
  }

  /// Counts a block of an entry as done, and lets go of what was mapped for it.
  private func advance(_ entry: StoredTensor, _ bytes: Int) throws(Failure) {
    try Interruption.check()
    source.forget(entry.name)
    bytesDone += bytes
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let rate = seconds > 0 ? Int(Double(bytesDone) / seconds / 1e6) : 0
    progress?.advance(to: bytesDone, detail: "\(rate) MB/s  \(entry.name)")
  }

  private func place(_ entry: StoredTensor) -> String { "\(path): tensor '\(entry.name)'" }
}

extension StoredTensor {
  fileprivate var rowBytes: Int { shape.dropFirst().reduce(dtype.size, *) }
}
