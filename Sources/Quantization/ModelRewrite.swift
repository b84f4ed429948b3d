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

  /// One weight and what happens to it.
  struct Step {
    enum Treatment: Equatable {
      /// Floats, or scales and biases, become this type.
      case cast(DType)
      /// Floats become this type and are then quantized.
      case quantize(QuantizationSetting, DType)
      /// Scales and biases become this type, and so do the weights.
      case dequantize(DType)
    }

    let source: StoredParameter
    let treatment: Treatment
  }

  /// - Parameters:
  ///   - dtype: the type of all floats; nil keeps each one's own.
  ///   - plan: how matrices are quantized; nil leaves them as they are.
  ///   - dequantizing: whether quantized matrices become floats.
  /// - Throws: `Failure.badData` when the weights are not those that config.json calls for; `usage` when the model
  ///   does not fit what is asked.
  package init(
    _ model: ModelDirectory, dtype: DType? = nil, plan: QuantizationPlan? = nil, dequantizing: Bool = false
  ) throws(Failure) {
    let parameters = try model.storedParameters()
    let isQuantized = model.quantization != nil
    if isQuantized, let setting = model.quantization?.base, plan != nil {
      throw .usage(
        "\(model.path) is quantized already (\(setting.bits) bits, groups of \(setting.groupSize)); quantize the original, "
          + "or first make floats of it with mlt convert --dequantize")
    }
    if dequantizing && !isQuantized {
      throw .usage("\(model.path) is not quantized; there is nothing to dequantize")
    }
    self.model = model
    let layerCount = model.spec.blocks.count
    let steps = parameters.map { source in
      let type = dtype ?? source.dtype
      if case .affine = source.form, dequantizing {
        return Step(source: source, treatment: .dequantize(type))
      }
      let setting = plan?.setting(source.parameter, path: source.path, layerCount: layerCount)
      return Step(source: source, treatment: setting.map { .quantize($0, type) } ?? .cast(type))
    }
    self.steps = steps
    let table = plan.map { plan in
      QuantizationTable(
        base: plan.base, overrides: plan.recipe == nil ? [:] : ModelRewrite.overrides(of: steps))
    }
    result = RewrittenModel(
      model, dtype: dtype, quantization: table.map { .set($0) } ?? (dequantizing ? .removed : .kept))
    if let plan, !steps.contains(where: \.isQuantizing) {
      throw .usage(
        "no matrix of \(model.path) has rows of whole groups of \(plan.base.groupSize); choose a smaller group size"
      )
    }
    if plan?.recipe != nil, !model.spec.matrices.contains(where: { $0.path.contains("down_proj") }) {
      throw .usage("\(model.path) has no 'down_proj', which the recipes of mixed precision are about")
    }
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

  /// Writes the new model into a staging folder: weights, index, configuration, companion files.
  ///
  /// The weights are on their way to the device, but only making the folder durable waits for them.
  ///
  /// - Parameter follower: who reads the weights while they are written.
  /// - Throws: `Failure`: `badData` for weights that can't be stored as asked, `io`, `interrupted`.
  package func write(
    into directory: String, follower: (any FileFollower)? = nil, progress: (any ProgressReporting)? = nil
  ) throws(Failure) -> RewriteReport {
    let writer = result.writer(in: directory, entries: steps.flatMap(\.targets).wholes, follower: follower)
    let stream = WeightStream(
      model.weights, path: model.path, into: writer, progress: progress,
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
      byteCount: steps.flatMap(\.targets).reduce(0) { $0 + $1.byteCount }, dropped: dropped,
      unknown: model.ignoredTensors)
  }
}

extension ModelRewrite.Step {
  var isQuantizing: Bool { if case .quantize = treatment { true } else { false } }

  /// The tensors that are written.
  var targets: [StoredTensor] {
    let (name, shape, part) = (source.storedName, source.parameter.shape, source.part)
    switch treatment {
    case .quantize(let setting, let type):
      let groups = [shape[0], shape[1] / setting.groupSize]
      return [
        StoredTensor(name: name, dtype: .u32, shape: [shape[0], shape[1] * setting.bits / 32], part: part),
        StoredTensor(name: "\(source.storedPath).scales", dtype: type, shape: groups, part: part),
        StoredTensor(name: "\(source.storedPath).biases", dtype: type, shape: groups, part: part),
      ]
    case .dequantize(let type):
      return [StoredTensor(name: name, dtype: type, shape: source.parameter.storedShape, part: part)]
    case .cast(let type):
      return source.tensors.map {
        StoredTensor(name: $0.name, dtype: $0.dtype == .u32 ? .u32 : type, shape: $0.shape, part: part)
      }
    }
  }

  fileprivate func report(_ error: QuantizationError?) -> MatrixReport {
    let storage: MatrixReport.Storage
    switch (treatment, source.form) {
    case (.quantize(let setting, _), _), (.cast, .affine(_, _, _, let setting)): storage = .affine(setting)
    case (.dequantize(let type), _), (.cast(let type), .floats): storage = .floats(type)
    }
    return MatrixReport(
      path: source.path, rows: source.parameter.shape[0], columns: source.parameter.shape[1],
      storage: storage,
      byteCount: targets.reduce(0) { $0 + $1.byteCount }, error: error)
  }
}
