// Writing a model folder from another one with some weights replaced: what full fine-tuning and merging have in
// common. Weights stream one by one; what nobody replaced and no one casts goes from file to file.

import Models
import SafeIO
import TensorCore
import WeightFiles

/// A model folder to be written anew.
struct ModelFiles {
  private let model: ModelDirectory
  private let parameters: [StoredParameter]
  private let dtype: DType?
  private let dequantizing: Bool

  /// - Parameters:
  ///   - dtype: the type of all floats; nil keeps each one's own.
  ///   - dequantizing: whether quantized matrices become floats, in the type of their scales if `dtype` is nil.
  /// - Throws: `Failure.badData` when the weights are not those that config.json calls for.
  init(_ model: ModelDirectory, dtype: DType?, dequantizing: Bool) throws(Failure) {
    self.model = model
    self.dtype = dtype
    // Blocks of ggml are no tensors of safetensors.
    self.dequantizing = dequantizing || model.gguf != nil
    parameters = try model.storedParameters()
  }

  /// Writes the folder: weights, configuration, and the files that every model takes along.
  ///
  /// - Parameters:
  ///   - directory: a staging folder.
  ///   - follower: who reads the weights while they are written.
  ///   - replacement: what takes the place of a weight: one f32 tensor, which is cast, or codes and scales as they are; nil
  ///     keeps the weight.
  func write(
    into directory: String, follower: (any FileFollower)? = nil, progress: (any ProgressReporting)? = nil,
    replacement: (StoredParameter) throws -> [Tensor]?
  ) throws {
    let result = RewrittenModel(model, dtype: dtype, quantization: dequantizing ? .removed : .kept)
    let writer = result.writer(in: directory, entries: parameters.flatMap(targets).wholes, follower: follower)
    progress?.begin("writing weights", total: parameters.count)
    defer { progress?.end(summary: nil) }
    for (index, parameter) in writer.inFileOrder(parameters, { targets($0)[0].name }).enumerated() {
      try Interruption.check()
      let tensors = try replacement(parameter).map { laid($0, parameter) } ?? kept(parameter)
      for (target, tensor) in zip(targets(parameter), tensors) {
        let stored = try cast(tensor, to: target.dtype, name: target.name)
        // The bytes are valid while the tensor is alive.
        defer { withExtendedLifetime(stored) {} }
        try writer.append(target.name, bytes: stored.withBytes { $0 })
      }
      progress?.advance(to: index + 1, detail: parameter.path)
    }
    try result.finish(writer, in: directory)
  }

  /// A matrix as f32.
  func expanded(_ parameter: StoredParameter) throws(Failure) -> Tensor {
    try model.matrix(parameter).expanded()
  }

  /// The tensors that are written for a weight.
  private func targets(_ parameter: StoredParameter) -> [StoredTensor] {
    if parameter.isQuantized && !dequantizing { return parameter.tensors }
    // What has fewer bits is widened, for sums would not fit it.
    let own = parameter.dtype.bits >= 16 ? parameter.dtype : .bf16
    return [
      StoredTensor(
        name: parameter.storedName, dtype: dtype ?? own, shape: parameter.parameter.storedShape,
        part: parameter.part)
    ]
  }

  private func kept(_ parameter: StoredParameter) throws(Failure) -> [Tensor] {
    if parameter.isQuantized && dequantizing { return laid([try expanded(parameter)], parameter) }
    var tensors: [Tensor] = []
    for tensor in parameter.tensors { tensors.append(try model.weights.tensor(tensor)) }
    return tensors
  }

  /// Floats of a matrix as files of the family hold them.
  private func laid(_ tensors: [Tensor], _ parameter: StoredParameter) -> [Tensor] {
    parameter.parameter.isTransposed && tensors.count == 1 ? [tensors[0].transposed([1, 0])] : tensors
  }

  /// The tensor in the type it is stored in; by way of f32, which holds every bf16 and f16, so it is rounded once.
  private func cast(_ tensor: Tensor, to type: DType, name: String) throws(Failure) -> Tensor {
    guard tensor.dtype != type else { return tensor }
    let wide = tensor.cast(to: .f32)
    // 65520 is the least number that rounds to infinity in f16.
    if type == .f16, wide.abs().max().item() >= 65_520 {
      throw .badData(
        "\(model.path): tensor '\(name)'", "has values beyond 65504, the largest of float16; use bfloat16")
    }
    return wide.cast(to: type)
  }
}
