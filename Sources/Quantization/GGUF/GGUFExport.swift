// A model written as one GGUF file. Weights stream through in blocks of rows, so that memory does not depend on the size of the
// model. A matrix that GGUF can store as it is stays as it is: floats of the type asked for, blocks of ggml, and MLX's affine
// codes of up to 5 bits, which are blocks of Q4_1 and Q5_1 under another name.

import CKernels
import Models
import SafeIO
import TensorCore
import WeightFiles

/// What is to become of a model's weights in a GGUF file, decided and checked before anything is written.
package struct GGUFExport {
  /// Weights that are worked on at a time: 32 MB in f32.
  private static let blockWeights = 8 << 20

  private let model: ModelDirectory
  private let layout: GGUFLayout
  fileprivate let steps: [Step]
  private let metadata: [(key: String, value: GGUFField)]

  /// One tensor and the weights that it is made of.
  fileprivate struct Step {
    let entry: GGUFEntry
    let parts: [(layout: GGUFLayout.Part, source: StoredParameter)]
    /// Whether the codes are taken over, and not quantized a second time.
    let isKept: Bool
  }

  /// - Parameters:
  ///   - mix: which types tensors get; nil keeps what is stored as far as GGUF has a type for it.
  ///   - vocabulary: the keys that say how text becomes tokens; none for a model without a tokenizer.
  /// - Throws: `Failure.badData` when the weights are not those that config.json calls for, or GGUF can't say what the model
  ///   computes; `usage` for a quantized model that would be quantized again.
  package init(
    _ model: ModelDirectory, mix: GGUFMix?, vocabulary: [(key: String, value: GGUFField)]
  ) throws(Failure) {
    let parameters = try model.storedParameters()
    let stored = Dictionary(parameters.map { ($0.parameter.name, $0) }) { first, _ in first }
    if let mix, parameters.contains(where: \.isQuantized) {
      throw .usage(
        "\(model.path) is quantized already; leave --type \(mix.rawValue) out to keep its values, or make floats of it with "
          + "mlt convert --dequantize first")
    }
    self.model = model
    layout = try GGUFLayout(model)
    let mixing = mix.map { [layout] in GGUFMixing($0, layout, model.spec) }
    steps = layout.tensors.map { tensor in
      let parts = tensor.parts.map { part in
        guard let source = stored[part.parameter.name] else {
          preconditionFailure("'\(part.parameter.name)' is one of the parameters")
        }
        return (part, source)
      }
      let (type, isKept) = Self.type(tensor, parts.map(\.1), mixing)
      return Step(
        entry: GGUFEntry(name: tensor.name, type: type, shape: tensor.shape), parts: parts, isKept: isKept)
    }
    let fileType = (mix ?? Self.mix(of: steps.map(\.entry))).fileType
    metadata =
      [
        ("general.architecture", .string(layout.architecture)), ("general.type", .string("model")),
        ("general.name", .string(Files.name(of: model.path))),
      ] + layout.description.keys + [
        ("general.file_type", .uint32(fileType)), ("general.quantization_version", .uint32(2)),
      ] + (vocabulary.isEmpty ? [("tokenizer.ggml.model", .string("none"))] : vocabulary)
    try layout.check(metadata: metadata, entries: entries, source: model.path)
  }

  /// Tensors of the model that are not taken over.
  package var dropped: [String] { model.tensors(besides: steps.flatMap { $0.parts.map(\.source) }) }

  private var entries: [GGUFEntry] {
    layout.description.factors.map { GGUFEntry(name: $0.name, type: .plain(.f32), shape: [$0.values.count]) }
      + steps.map(\.entry)
  }

  /// Writes the file.
  ///
  /// - Parameters:
  ///   - durably: false in a staging folder, which is made durable as a whole.
  ///   - follower: who reads the file while it is written.
  /// - Throws: `Failure`: `badData` for weights that can't be stored as asked, `io`, `interrupted`.
  package func write(
    to path: String, durably: Bool, follower: (any FileFollower)? = nil,
    progress: (any ProgressReporting)? = nil
  ) throws(Failure) -> RewriteReport {
    let writer = try GGUFWriter(path: path, metadata: metadata, entries: entries, follower: follower)
    for (_, values) in layout.description.factors {
      try Self.append(Tensor(values, shape: [values.count]), to: writer)
    }
    progress?.begin("writing weights", total: model.spec.parameterCount)
    defer { progress?.end(summary: nil) }
    var reports: [MatrixReport] = []
    var done = 0
    for step in steps {
      var error: QuantizationError?
      for (part, source) in step.parts {
        let added = try write(part, source, step, to: writer)
        if let added { error = (error ?? QuantizationError()).sum(added) }
        done += part.parameter.count
        progress?.advance(to: done, detail: step.entry.name)
      }
      if step.entry.shape.count > 1 { reports.append(step.report(error)) }
    }
    try writer.finish(durably: durably)
    return RewriteReport(
      matrices: reports, parameterCount: model.spec.parameterCount,
      byteCount: entries.reduce(0) { $0 + $1.byteCount }, expanded: [], dropped: dropped,
      unknown: model.ignoredTensors)
  }

  // MARK: Types

  private static func type(_ tensor: GGUFLayout.Tensor, _ sources: [StoredParameter], _ mixing: GGUFMixing?)
    -> (type: GGMLType, isKept: Bool)
  {
    guard sources[0].parameter.role == .matrix, tensor.shape.count > 1 else { return (.plain(.f32), false) }
    let matrix = GGUFMatrix(name: tensor.name, shape: tensor.shape)
    if let mixing { return (mixing.type(matrix), false) }
    if matrix.staysInF32 { return (.plain(.f32), false) }
    let kept = sources.map(\.keptType)
    if let type = kept[0], kept.allSatisfy({ $0 == type }) { return (type, true) }
    // Codes that GGUF has no blocks for are stored in 8 bits, which loses least of what can be lost.
    if sources.contains(where: \.isQuantized) {
      return (
        matrix.columns % 32 == 0 ? .blocks(sources.allSatisfy(\.isMXFP4) ? .mxfp4 : .q80) : .plain(.f16),
        false
      )
    }
    return (.plain(.f32), false)
  }

  /// The mix that is nearest to what the matrices are: the type of most weights.
  private static func mix(of entries: [GGUFEntry]) -> GGUFMix {
    var counts: [GGMLType: Int] = [:]
    for entry in entries where entry.shape.count > 1 {
      counts[entry.type, default: 0] += entry.shape.reduce(1, *)
    }
    let most = counts.max { ($0.value, $1.key.name) < ($1.value, $0.key.name) }?.key
    return GGUFMix.allCases.first { $0.type == most } ?? .f16
  }

  // MARK: Weights

  private func write(
    _ part: GGUFLayout.Part, _ source: StoredParameter, _ step: Step, to writer: GGUFWriter
  ) throws(Failure) -> QuantizationError? {
    let place = "\(model.path): tensor '\(source.storedName)'"
    guard part.parameter.shape.count > 1 else {
      let values = try model.weights.tensor(source.tensors[0]).cast(to: .f32)
      let ordered = part.rows.map { values.reshaped([values.count]).embedding(ids: $0) } ?? values
      try Self.append((part.offset == 0 ? ordered : ordered + part.offset).detached(), to: writer)
      return nil
    }
    let matrix = try model.matrix(source)
    let height = max(1, Self.blockWeights / max(1, matrix.columns))
    var error: QuantizationError?
    let count = part.rows?.count ?? matrix.rows
    for first in stride(from: 0, to: count, by: height) {
      try Interruption.check()
      let range = first..<min(count, first + height)
      let rows = part.rows.map { Array($0[range]) } ?? range.map { Int32($0) }
      if step.isKept, let blocks = try kept(matrix, rows, place) {
        try Self.append(blocks, to: writer)
        continue
      }
      let values = matrix.gather(rows)
      switch step.entry.type {
      case .blocks(let format):
        let (blocks, added) = try BlockQuantizer.quantize(values, to: format, place: place, firstRow: first)
        error = (error ?? QuantizationError()).sum(added)
        try Self.append(blocks, to: writer)
      case .plain(let dtype):
        let result = values.cast(to: dtype)
        if dtype == .f16 { try Self.checkFinite(result, place) }
        try Self.append(result, to: writer)
      }
    }
    for tensor in source.tensors { model.weights.forget(tensor.name) }
    return error
  }

  /// The rows of a quantized matrix as they are stored; nil for floats, whose cast back changes nothing.
  private func kept(_ matrix: any WeightMatrix, _ rows: [Int32], _ place: String) throws(Failure) -> Tensor? {
    switch matrix {
    case let matrix as BlockWeights: return matrix.storedRows(rows)
    case let matrix as GroupedAffineWeights:
      guard let blocks = matrix.blocks(rows) else {
        throw .badData(
          place,
          "has a scale or bias that f16 does not hold, so GGUF can't store the matrix as it is; make floats of it with "
            + "mlt convert --dequantize first")
      }
      return blocks
    default: return nil
    }
  }

  private static func checkFinite(_ values: Tensor, _ place: String) throws(Failure) {
    let first = values.withBytes { bytes in
      Int(mlt_f16_first_infinity(bytes.bindMemory(to: UInt16.self).baseAddress, Int64(values.count)))
    }
    guard first < 0 else {
      throw .badData(place, "holds a value that is too large for float16, which ends at 65504; use bf16")
    }
  }

  private static func append(_ tensor: Tensor, to writer: GGUFWriter) throws(Failure) {
    defer { withExtendedLifetime(tensor) {} }
    try writer.append(tensor.withBytes { $0 })
  }
}

extension GGUFExport.Step {
  fileprivate func report(_ error: QuantizationError?) -> MatrixReport {
    let shape = entry.shape
    let storage: MatrixReport.Storage =
      switch entry.type {
      case .plain(let dtype): .floats(dtype)
      case .blocks(let format): .blocks(format)
      }
    return MatrixReport(
      path: entry.name, rows: shape.dropLast().reduce(1, *), columns: shape[shape.count - 1],
      storage: storage,
      byteCount: entry.byteCount, error: error)
  }
}

extension GGUFMixing {
  fileprivate init(_ mix: GGUFMix, _ layout: GGUFLayout, _ spec: DecoderSpec) {
    let attention = spec.blocks[0].attention
    self.init(
      mix: mix, layers: spec.blocks.count,
      experts: spec.blocks.lazy.compactMap { $0.feedForward?.routed?.experts.count }.first ?? 0,
      isSeventyBillion: layout.architecture == "llama" && spec.blocks.count == 80
        && attention?.heads != attention?.keyValueHeads,
      values: layout.tensors.map(\.name).filter {
        $0.hasSuffix("attn_v.weight") || $0.hasSuffix("attn_qkv.weight")
      },
      isTied: spec.head == nil)
  }
}

extension StoredParameter {
  /// Whether all values lie on the grid of MXFP4, so that quantizing to it rounds nothing.
  fileprivate var isMXFP4: Bool {
    switch form {
    case .scaled(_, _, let setting): setting.mode == .mxfp4
    case .packed(.floats(let floats), _):
      floats.number == .e2m1 && floats.scales.dtype == .u8 && floats.extent == .group(32)
    default: false
    }
  }

  /// The type of GGUF that holds exactly what is stored, nil where there is none.
  fileprivate var keptType: GGMLType? {
    switch form {
    case .floats(let tensor): return [.f32, .f16, .bf16].contains(tensor.dtype) ? .plain(tensor.dtype) : nil
    case .blocks(_, let format): return .blocks(format)
    case .affine(_, _, _, let setting):
      return setting.bits <= 4 ? .blocks(.q41) : setting.bits == 5 ? .blocks(.q51) : nil
    case .scaled, .packed: return nil
    }
  }
}

extension QuantizationError {
  fileprivate func sum(_ other: QuantizationError) -> QuantizationError {
    var sum = self
    sum.add(other)
    return sum
  }
}
