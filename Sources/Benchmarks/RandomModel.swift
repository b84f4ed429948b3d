// Random weights in a file, since speed depends on a model's shape alone. Quantized ones are random codes: what they were
// quantized from is nobody's question.

import Models
import SafeIO
import TensorCore
import WeightFiles

/// A model with random weights.
struct RandomModel {
  private let shape: ModelShape
  private let bits: Int
  private let groupSize: Int
  private let seed: Int
  /// Values that are made at a time.
  private static let piece = 1 << 22

  init(_ shape: ModelShape, bits: Int, groupSize: Int, seed: Int) {
    (self.shape, self.bits, self.groupSize, self.seed) = (shape, bits, groupSize, seed)
  }

  /// Writes config.json and the weights: bf16, or codes that were never anything else.
  func write(into folder: String, progress: (any ProgressReporting)?) throws {
    let config = shape.config(bits: bits, groupSize: groupSize)
    try Files.writeAtomically(JSON.object(config).text(.pretty(indent: 2)), to: "\(folder)/config.json")
    let parameters = try Families.spec(config: .object(config), source: shape.name).parameters
    let writer = ModelWriter(directory: folder, entries: parameters.flatMap(entries))
    progress?.begin("making \(shape.name), \(bits) bits", total: parameters.reduce(0) { $0 + $1.count })
    defer { progress?.end(summary: nil) }
    var done = 0
    for parameter in parameters {
      for entry in entries(parameter) {
        for start in stride(from: 0, to: entry.elementCount, by: Self.piece) {
          try Interruption.check()
          let values = self.values(entry, start..<min(start + Self.piece, entry.elementCount))
          try values.withBytes { try writer.append(entry.name, bytes: $0) }
        }
      }
      done += parameter.count
      progress?.advance(to: done, detail: parameter.name)
    }
    try writer.finish()
  }

  private func isQuantized(_ parameter: ParameterSpec) -> Bool {
    bits < 16 && parameter.role == .matrix && parameter.shape[1] % groupSize == 0
  }

  private func entries(_ parameter: ParameterSpec) -> [TensorEntry] {
    let shape = parameter.shape
    guard isQuantized(parameter) else {
      return [TensorEntry(name: parameter.name, dtype: .bf16, shape: shape)]
    }
    let path = parameter.name.replacing(".weight", with: "")
    return [
      TensorEntry(name: parameter.name, dtype: .u32, shape: [shape[0], shape[1] * bits / 32]),
      TensorEntry(name: "\(path).scales", dtype: .bf16, shape: [shape[0], shape[1] / groupSize]),
      TensorEntry(name: "\(path).biases", dtype: .bf16, shape: [shape[0], shape[1] / groupSize]),
    ]
  }

  /// Some values of a tensor.
  private func values(_ entry: TensorEntry, _ range: Range<Int>) -> Tensor {
    let count = [range.count]
    let seed = seed &+ Int(truncatingIfNeeded: CounterRandom.hash("\(entry.name) \(range.lowerBound)") >> 1)
    if entry.dtype == .u32 { return RandomNumbers.words(count, seed: seed) }
    if entry.name.hasSuffix(".scales") {
      return .full(count, value: RandomNumbers.affine(bits: bits).scale).cast(to: .bf16)
    }
    if entry.name.hasSuffix(".biases") {
      return .full(count, value: RandomNumbers.affine(bits: bits).bias).cast(to: .bf16)
    }
    if entry.shape.count == 1 { return .full(count, value: 1).cast(to: .bf16) }
    return RandomNumbers.tensor(
      count, dtype: .bf16, deviation: RandomNumbers.weightDeviation, seed: seed)
  }
}
