// Weights to begin a training from nothing with.

import TensorCore

extension Decoder {
  /// Weights as transformers initializes them: matrices from a normal distribution of deviation 0.02, norms 1, biases 0.
  ///
  /// The same seed gives the same weights, whatever the machine's number of threads and the order of names.
  package static func randomWeights(_ spec: DecoderSpec, seed: UInt64) -> [(name: String, tensor: Tensor)] {
    spec.parameters.map { parameter in
      switch parameter.role {
      case .matrix:
        let stream = NormalStream(seed: seed, name: parameter.name)
        return (
          parameter.name, Tensor(stream.numbers(parameter.count, deviation: 0.02), shape: parameter.shape)
        )
      case .bias: return (parameter.name, .zeros(parameter.shape))
      case .norm: return (parameter.name, .full(parameter.shape, value: 1))
      }
    }
  }
}
