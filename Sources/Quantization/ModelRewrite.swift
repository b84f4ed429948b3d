// A model made from another one by changing how its weights are stored: cast, quantized, dequantized, or just checked
// and written anew. Converting and quantizing are both this. Weights stream through in blocks of rows, so that memory
// does not depend on the size of the model.

import Models
import SafeIO
import TensorCore
import WeightFiles

/// What is to become of a model's weights, decided and checked before anything is written.
package struct ModelRewrite {
  let model: ModelDirectory
  let steps: [Step]
  private let result: RewrittenModel
  private let format: WrittenFormat
  private let isDequantizing: Bool

  /// One weight and what happens to it.
  struct Step {
    enum Treatment: Equatable {
      /// Floats, or scales and biases, become this type.
      case cast(DType)
      /// Floats become this type and are then quantized.
      case quantize(QuantizationSetting, DType)
      /// The values become floats of this type.
      case dequantize(DType)
      /// What another tool has packed becomes MLX's format of the same values, with scales of this type.
      case repack(QuantizationSetting, scales: DType)
    }

    let source: StoredParameter
    let treatment: Treatment
  }

  /// - Parameters:
  ///   - dtype: the type of all floats; nil keeps each one's own.
  ///   - plan: how matrices are quantized; nil leaves them as they are.
  ///   - dequantizing: whether quantized matrices become floats.
  ///   - format: of the weight files.
  /// - Throws: `Failure.badData` when the weights are not those that config.json calls for; `usage` when the model
  ///   does not fit what is asked.
  package init(
    _ model: ModelDirectory, dtype: DType? = nil, plan: QuantizationPlan? = nil, dequantizing: Bool = false,
    format: WrittenFormat = .safetensors
  ) throws(Failure) {
    let parameters = try model.storedParameters()
    if plan != nil, let words = model.packing?.words ?? model.quantization?.base.words {
      throw .usage(
        "\(model.path) is quantized already (\(words)); quantize the original, "
          + "or first make floats of it with mlt convert --dequantize")
    }
    if plan != nil && model.isQuantized {
      throw .usage(
        "\(model.path) is quantized already (blocks of ggml); quantize the original, or first make floats of it with mlt "
          + "convert --dequantize")
    }
    if dequantizing && !model.isQuantized {
      throw .usage("\(model.path) is not quantized; there is nothing to dequantize")
    }
    self.model = model
    self.format = format
    isDequantizing = dequantizing
    let layerCount = model.spec.blocks.count
    var steps: [Step] = []
    for source in parameters {
      steps.append(
        Step(
          source: source,
          treatment: try Self.treatment(
            source, of: model, dtype: dtype, dequantizing: dequantizing,
            setting: plan?.setting(source.parameter, path: source.path, layerCount: layerCount))))
    }
    self.steps = steps
    let quantization: RewrittenModel.Quantization
    if let plan {
      quantization = .set(
        QuantizationTable(
          base: plan.base, overrides: plan.recipe == nil ? [:] : ModelRewrite.overrides(of: steps)))
    } else if model.packing.map({ dequantizing || !$0.isKept }) ?? (model.gguf != nil) {
      quantization = ModelRewrite.repackedTable(steps).map { .set($0) } ?? .removed
    } else {
      quantization = dequantizing ? .removed : .kept
    }
    result = RewrittenModel(model, dtype: dtype, quantization: quantization)
    if let plan, !steps.contains(where: \.isQuantizing) {
      throw .usage(
        "no matrix of \(model.path) has rows of whole groups of \(plan.base.groupSize); choose a smaller group size"
      )
    }
    if plan?.recipe != nil, !model.spec.matrices.contains(where: { $0.path.contains("down_proj") }) {
      throw .usage("\(model.path) has no 'down_proj', which the recipes of mixed precision are about")
    }
  }

  private static func treatment(
    _ source: StoredParameter, of model: ModelDirectory, dtype: DType?, dequantizing: Bool,
    setting: QuantizationSetting?
  ) throws(Failure) -> Step.Treatment {
    switch source.form {
    case .affine, .scaled:
      return dequantizing ? .dequantize(dtype ?? source.dtype) : .cast(dtype ?? source.dtype)
    case .packed(let form, let type):
      if !dequantizing, model.packing?.isKept == true { return .cast(dtype ?? type) }
      // Scales keep their type, since another one would round them.
      if !dequantizing, let mlx = try model.opened(form).mlx {
        return .repack(mlx.setting, scales: mlx.scales)
      }
      return .dequantize(dtype ?? type)
    case .blocks(_, let format):
      if !dequantizing, let mlx = format.mlx { return .repack(mlx.setting, scales: mlx.scales) }
      return .dequantize(dtype ?? source.dtype)
    case .floats(let tensor):
      guard let setting else { return .cast(dtype ?? tensor.dtype) }
      // What has fewer bits is widened, exactly.
      return .quantize(setting, dtype ?? (tensor.dtype.bits >= 16 ? tensor.dtype : .bf16))
    }
  }

  /// The settings of what was packed: the most frequent one for all, exceptions where it is another; nil when all of it
  /// has become floats.
  private static func repackedTable(_ steps: [Step]) -> QuantizationTable? {
    var settings: [(path: String, setting: QuantizationSetting)] = []
    var counts: [(setting: QuantizationSetting, count: Int)] = []
    for step in steps {
      guard case .repack(let setting, _) = step.treatment else { continue }
      settings.append((step.source.path, setting))
      if let known = counts.firstIndex(where: { $0.setting == setting }) {
        counts[known].count += 1
      } else {
        counts.append((setting, 1))
      }
    }
    // Of equal counts the first.
    guard let base = counts.max(by: { $0.count < $1.count })?.setting else { return nil }
    var table = QuantizationTable(base: base)
    for (path, setting) in settings where setting != base {
      table.overrides.updateValue(setting, forKey: path)
    }
    return table
  }

  private static func overrides(of steps: [Step]) -> [String: QuantizationSetting?] {
    var overrides: [String: QuantizationSetting?] = [:]
    for step in steps {
      if case .quantize(let setting, _) = step.treatment {
        overrides.updateValue(
          setting, forKey: step.source.part == nil ? step.source.path : step.source.storedPath)
      }
    }
    return overrides
  }

  /// Tensors of the model that are not taken over: those that files of its family carry without need, and unknown ones.
  package var dropped: [String] { model.tensors(besides: steps.map(\.source)) }

  /// Matrices that were packed and become floats though nobody asked for that.
  private var expanded: [String] {
    guard !isDequantizing else { return [] }
    return steps.filter { step in
      switch step.source.form {
      case .packed, .blocks: !step.isRepacking
      case .floats, .affine, .scaled: false
      }
    }.map(\.source.path)
  }

  /// Writes the new model into a staging folder: weights, index, configuration, companion files.
  ///
  /// The weights are on their way to the device, but only making the folder durable waits for them.
  ///
  /// - Parameters:
  ///   - maximumShardBytes: the most tensor bytes in one file; a larger tensor has a file of its own.
  ///   - follower: who reads the weights while they are written.
  /// - Throws: `Failure`: `badData` for weights that can't be stored as asked, `io`, `interrupted`.
  package func write(
    into directory: String, maximumShardBytes: Int = ModelWriter.usualShardBytes,
    follower: (any FileFollower)? = nil, progress: (any ProgressReporting)? = nil
  ) throws(Failure) -> RewriteReport {
    let writer = result.writer(
      in: directory, entries: steps.flatMap(\.targets).wholes, format: format,
      maximumShardBytes: maximumShardBytes, follower: follower)
    let stream = WeightStream(
      model, into: writer, progress: progress,
      totalBytes: steps.flatMap(\.source.tensors).reduce(0) { $0 + $1.byteCount })
    var errors = [QuantizationError?](repeating: nil, count: steps.count)
    for index in writer.inFileOrder(Array(steps.indices), { steps[$0].targets[0].name }) {
      errors[index] = try stream.write(steps[index])
    }
    stream.end()
    try result.finish(writer, in: directory)
    return RewriteReport(
      matrices: zip(steps, errors).filter { $0.0.source.parameter.role == .matrix }.map { $0.report($1) },
      parameterCount: model.spec.parameterCount,
      byteCount: steps.flatMap(\.targets).reduce(0) { $0 + $1.byteCount },
      expanded: expanded, dropped: dropped,
      unknown: model.ignoredTensors)
  }
}

extension ModelRewrite.Step {
  var isQuantizing: Bool { if case .quantize = treatment { true } else { false } }

  var isRepacking: Bool { if case .repack = treatment { true } else { false } }

  /// The tensors that are written.
  var targets: [StoredTensor] {
    switch treatment {
    case .quantize(let setting, let type): return parts(setting, scales: type)
    case .repack(let setting, let type): return parts(setting, scales: type)
    case .dequantize(let type):
      return [
        StoredTensor(
          name: source.storedName, dtype: type, shape: source.parameter.storedShape, part: source.part)
      ]
    case .cast(let type):
      return source.tensors.map {
        StoredTensor(
          name: $0.name, dtype: $0.dtype.isFloat ? type : $0.dtype, shape: $0.shape, part: source.part)
      }
    }
  }

  /// The tensors of a matrix in MLX's format.
  private func parts(_ setting: QuantizationSetting, scales type: DType) -> [StoredTensor] {
    let shape = source.parameter.shape
    let groups = [shape[0], shape[1] / setting.groupSize]
    let path = source.storedPath
    func part(_ name: String, _ type: DType, _ shape: [Int]) -> StoredTensor {
      StoredTensor(name: name, dtype: type, shape: shape, part: source.part)
    }
    let codes = part(source.storedName, .u32, [shape[0], shape[1] * setting.bits / 32])
    guard setting.mode == .affine else {
      return [codes, part("\(path).scales", .u8, groups)]
    }
    return [codes] + ["scales", "biases"].map { part("\(path).\($0)", type, groups) }
  }

  fileprivate func report(_ error: QuantizationError?) -> MatrixReport {
    let storage: MatrixReport.Storage
    switch (treatment, source.form) {
    case (.quantize(let setting, _), _), (.repack(let setting, _), _),
      (.cast, .affine(_, _, _, let setting)), (.cast, .scaled(_, _, let setting)):
      storage = .quantized(setting)
    case (.dequantize(let type), _), (.cast(let type), _): storage = .floats(type)
    }
    return MatrixReport(
      path: source.path, rows: source.parameter.shape[0], columns: source.parameter.shape[1],
      storage: storage,
      byteCount: targets.reduce(0) { $0 + $1.byteCount }, error: error)
  }
}

extension BlockFormat {
  /// How MLX stores the same values, bit for bit, and the type of the scales that holds them; nil where it has no such grid.
  fileprivate var mlx: (setting: QuantizationSetting, scales: DType)? {
    if self == .mxfp4 { return (QuantizationMode.mxfp4.defaultSetting, .u8) }
    // Scales of a K format are products of two numbers, and their zeros are too.
    return affineBits.map {
      (QuantizationSetting(groupSize: 32, bits: $0), self == .q4K || self == .q5K ? .f32 : .f16)
    }
  }
}
