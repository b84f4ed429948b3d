// Reference models with what other libraries compute with them, and ways to compare.

import Foundation
import Models
import SafeIO
import TensorCore
import TestSupport
import WeightFiles

/// A model folder that holds a `golden.safetensors`.
struct GoldenModel {
  let directory: ModelDirectory
  let decoder: Decoder
  private let golden: SafetensorsFile

  init(path: String) throws {
    directory = try ModelDirectory(path: path)
    decoder = try Decoder(directory)
    golden = try SafetensorsFile(path: "\(path)/golden.safetensors")
  }

  /// The folders that come with the tests.
  static let bundled = Bundle.module.bundlePath + "/Goldens"

  func floats(_ name: String) throws -> [Float] { try golden.tensor(name).floats() }

  /// The rows of a two-dimensional tensor of ids.
  func ids(_ name: String) throws -> [[Int32]] {
    let tensor = try golden.tensor(name)
    let ids = tensor.integers().map(Int32.init)
    return (0..<tensor.shape[0]).map { Array(ids[$0 * tensor.shape[1]..<($0 + 1) * tensor.shape[1]]) }
  }

  func logits(_ documents: [[Int32]]) -> [Float] {
    decoder.logits(decoder.forward(TokenRows(documents: documents))).floats()
  }

  /// The most probable continuation, every step a full forward.
  func greedy(_ prompt: [Int32], count: Int) -> [Int32] {
    var ids = prompt
    for _ in 0..<count { ids.append(argmax(logits([ids]).suffix(decoder.spec.vocabularySize))) }
    return Array(ids.suffix(count))
  }
}

/// The index of the largest value, the first of equal ones.
func argmax(_ values: ArraySlice<Float>) -> Int32 {
  let best = values.indices.reduce(values.startIndex) { values[$1] > values[$0] ? $1 : $0 }
  return Int32(best - values.startIndex)
}

/// The largest absolute difference; infinite when one has a NaN or the lengths differ.
func difference(_ left: [Float], _ right: [Float]) -> Float {
  guard left.count == right.count else { return .infinity }
  return zip(left, right).reduce(0) { worst, pair in
    let gap = abs(pair.0 - pair.1)
    return gap.isNaN ? .infinity : max(worst, gap)
  }
}
