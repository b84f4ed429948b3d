// Weights to begin a training from nothing with, as transformers initializes them: matrices from a normal distribution of
// deviation 0.02, norms 1, biases 0. They are made and written in pieces, so that memory does not depend on the model.

import SafeIO
import TensorCore
import WeightFiles

extension ParameterSpec {
  /// Values at the positions `range` of the weight, f32 `[range.count]`.
  ///
  /// Each depends on seed, name and position alone, whatever the machine's number of threads and the order of names.
  package func initialValues(_ range: Range<Int>, seed: Int) -> Tensor {
    switch role {
    case .matrix, .filter:
      let random = CounterRandom(seed: seed, name: name)
      return Tensor(range.map { Float(random.normal($0)) * 0.02 }, shape: [range.count])
    case .bias: return .zeros([range.count])
    case .norm(let initial), .perHead(let initial): return .full([range.count], value: initial)
    }
  }

  /// All values of the weight.
  package func initialValues(seed: Int) -> Tensor { initialValues(0..<count, seed: seed).reshaped(shape) }
}

extension ModelWriter {
  /// Numbers that are made at a time.
  private static let piece = 1 << 20

  /// Writes the initial weights of a model, each announced in the given type.
  ///
  /// - Throws: `Failure`: `io`, `interrupted`.
  package func appendInitialWeights(
    of spec: DecoderSpec, seed: Int, dtype: DType, progress: (any ProgressReporting)? = nil
  ) throws(Failure) {
    var done = 0
    progress?.begin("writing weights", total: spec.parameterCount)
    defer { progress?.end(summary: nil) }
    for parameter in spec.parameters {
      for start in stride(from: 0, to: parameter.count, by: Self.piece) {
        try Interruption.check()
        let range = start..<min(start + Self.piece, parameter.count)
        let values = parameter.initialValues(range, seed: seed).cast(to: dtype)
        // The bytes are valid while the tensor is alive; inside the closure the error would lose its type.
        defer { withExtendedLifetime(values) {} }
        try append(parameter.stored(as: dtype).name, bytes: values.withBytes { $0 })
        done += range.count
        progress?.advance(to: done, detail: parameter.name)
      }
    }
  }
}
