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

  private let model: ModelDirectory
  private let writer: ModelWriter
  private let progress: (any ProgressReporting)?
  private let start = ContinuousClock.now
  private var bytesDone = 0

  private var source: any WeightSource { model.weights }

  init(
    _ model: ModelDirectory, into writer: ModelWriter, progress: (any ProgressReporting)?, totalBytes: Int
  ) {
    self.model = model
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
    case (.repack, .packed(let form, _)): try repack(form, step)
    case (.dequantize(let type), .packed(let form, _)):
      let matrix = try model.opened(form)
      try expand(step, as: type) { matrix.floats(rows: $0) }
    case (.repack(let setting, let type), .blocks(let tensor, let format)):
      try repack(tensor, format, setting, type, step)
    case (.dequantize(let type), .scaled), (.dequantize(let type), .blocks):
      let matrix = try model.matrix(step.source)
      try expand(step, as: type) { matrix.gather($0.map(Int32.init)) }
    case (.dequantize(let type), .affine(let codes, let scales, let biases, let setting)):
      try dequantize(
        codes, scales, biases, setting, type, isTransposed: step.source.parameter.isTransposed,
        step.targets[0].name)
    case (.cast(let type), _):
      for entry in step.source.tensors { try copy(entry, as: entry.dtype.isFloat ? type : entry.dtype) }
    case (.quantize, _), (.dequantize, .floats), (.repack, _): preconditionFailure("the plan was checked")
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
      let quantized = try QuantizedMatrix(
        weights, setting, place: place(entry), firstRow: rows.lowerBound)
      error.add(quantized.error)
      for (target, part) in zip(targets, quantized.parts) { try append(target.name, part) }
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

  /// Writes what another tool has packed in MLX's format.
  private func repack(_ form: PackedForm, _ step: ModelRewrite.Step) throws(Failure) {
    let matrix = try model.opened(form)
    for rows in blocks(of: step) {
      for (target, part) in zip(step.targets, matrix.mlxParts(rows: rows)) {
        try append(target.name, part)
      }
      try advance(step, rows)
    }
  }

  /// Writes blocks of ggml in MLX's format of the same values.
  private func repack(
    _ tensor: StoredTensor, _ format: BlockFormat, _ setting: QuantizationSetting, _ type: DType,
    _ step: ModelRewrite.Step
  ) throws(Failure) {
    for rows in blocks(of: step) {
      let matrix = BlockWeights(try block(tensor, rows), format: format)
      var parts: [Tensor] = []
      if let (codes, scales, biases) = matrix.affine() {
        parts = [codes]
        for part in [scales, biases] { parts.append(try cast(part, to: type, tensor, rows)) }
      } else {
        // Every value of a block lies on MLX's grid, so nothing is rounded.
        parts = try QuantizedMatrix(
          matrix.expanded(), setting, place: place(tensor), firstRow: rows.lowerBound
        ).parts
      }
      for (target, part) in zip(step.targets, parts) { try append(target.name, part) }
      try advance(step, rows)
    }
  }

  /// Writes a matrix as floats.
  ///
  /// - Parameter values: some of its rows as f32.
  private func expand(
    _ step: ModelRewrite.Step, as type: DType, values: (Range<Int>) -> Tensor
  ) throws(Failure) {
    let isTransposed = step.source.parameter.isTransposed
    for rows in blocks(of: step, whole: isTransposed) {
      let weights = try cast(values(rows), to: type, step.source.tensors[0], rows)
      try append(step.targets[0].name, isTransposed ? turned(weights) : weights)
      try advance(step, rows)
    }
  }

  // MARK: Blocks

  /// Ranges of rows of a matrix that take about `blockBytes` as f32.
  private func blocks(of step: ModelRewrite.Step, whole: Bool = false) -> [Range<Int>] {
    let (rows, columns) = (step.source.parameter.shape[0], step.source.parameter.shape[1])
    let height = whole ? max(1, rows) : max(1, WeightStream.blockBytes / max(1, 4 * columns))
    return stride(from: 0, to: rows, by: height).map { $0..<min(rows, $0 + height) }
  }

  /// Counts rows of a matrix of several tensors as done.
  private func advance(_ step: ModelRewrite.Step, _ rows: Range<Int>) throws(Failure) {
    let total = step.source.tensors.reduce(0) { $0 + $1.byteCount }
    for entry in step.source.tensors.dropFirst() { source.forget(entry.name) }
    try advance(step.source.tensors[0], total * rows.count / max(1, step.source.parameter.shape[0]))
  }

  /// A matrix with rows and columns exchanged; by way of f32, which holds every bf16 and f16.
  private func turned(_ matrix: Tensor) -> Tensor {
    matrix.cast(to: .f32).transposed([1, 0]).cast(to: matrix.dtype)
  }

  /// Ranges of rows of about `blockBytes`, or one of all; an empty one for a tensor without rows.
  private func blocks(_ entry: StoredTensor, whole: Bool = false) -> [Range<Int>] {
    let rows = entry.shape[0]
    // Rows whose bits fill no whole bytes can't be told apart.
    if whole || entry.dtype.isPacked { return [0..<rows] }
    guard rows > 0 else { return [0..<0] }
    let height = max(1, WeightStream.blockBytes / max(1, entry.rowBytes))
    return stride(from: 0, to: rows, by: height).map { $0..<min(rows, $0 + height) }
  }

  /// Rows of a stored tensor, where they lie.
  private func block(_ entry: StoredTensor, _ rows: Range<Int>) throws(Failure) -> Tensor {
    let bytes = try source.bytes(entry)
    let range =
      rows == 0..<entry.shape[0]
      ? 0..<bytes.count : rows.lowerBound * entry.rowBytes..<rows.upperBound * entry.rowBytes
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

  private func place(_ entry: StoredTensor) -> String { "\(model.path): tensor '\(entry.name)'" }
}

extension StoredTensor {
  fileprivate var rowBytes: Int { dtype.byteCount(shape.dropFirst().reduce(1, *)) }
}
