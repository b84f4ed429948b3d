// The log-likelihood of every token as a file, in the form that its name asks for.

import SafeIO
import TensorCore
import WeightFiles

/// Writes one value per token; NaN marks tokens that were not scored.
package enum LogLikelihoodFile {
  /// Writes `.safetensors` with `logprobs` f32 `[tokens]`, `.json` with an array that has null for NaN, and under any
  /// other name one value a line with `nan`.
  ///
  /// - Throws: `Failure.io`.
  package static func write(_ values: [Float], to path: String) throws(Failure) {
    if path.hasSuffix(".safetensors") {
      try SafetensorsWriter.write(path: path, tensors: [("logprobs", Tensor(values))])
    } else if path.hasSuffix(".json") {
      let list = values.map { $0.isNaN ? "null" : $0.description }.joined(separator: ", ")
      try Files.writeAtomically("[\(list)]\n", to: path)
    } else {
      try Files.writeAtomically(values.map { "\($0.description)\n" }.joined(), to: path)
    }
  }
}
