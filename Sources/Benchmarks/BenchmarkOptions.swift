// What a benchmark is asked to measure.

import Models
import SafeIO
import TensorCore

/// The settings of a run, as the flags of `mlt bench` give them.
package struct BenchmarkOptions: Sendable {
  /// The random model's shape; also of the kernels' matrices, if it was asked for.
  package var shape: ModelShape
  /// Whether the shape was named, so that kernels take its matrices instead of the usual ones.
  package var isShapeChosen = false
  /// The folder of a real model, instead of a random one.
  package private(set) var model: String?
  /// Whether that model is quantized already.
  private(set) var isModelQuantized = false
  /// Bits of a weight, 16 for bf16; nil: what each suite compares.
  package var bits: Int?
  package var groupSize = 64
  package var threads = ThreadPool.shared.threads
  /// Sequences side by side; nil: 8 to decode, 4 to train.
  package var batch: Int?
  /// Tokens of a prompt, or of a row that is trained on.
  package var prompt = 512
  /// Tokens that are decoded.
  package var tokens = 64
  /// Measurements of each row.
  package var runs = 5
  /// Whether products with stored weights are f32.
  package var isExact = false
  package var seed = 0

  package init(shape: ModelShape) { self.shape = shape }

  /// Takes a real model instead of a random one; where it is quantized, its bits and groups are what is measured.
  ///
  /// - Throws: `Failure` when it can't be opened; `usage` when it has other bits than were asked for.
  package mutating func use(model path: String) throws(Failure) {
    model = path
    guard let setting = try ModelDirectory(path: path).quantization?.base else { return }
    if let bits, bits != setting.bits {
      throw .usage("\(path) has \(setting.bits) bits, so --bits can't be \(bits); leave it out")
    }
    bits = setting.bits
    groupSize = setting.groupSize
    isModelQuantized = true
  }

  /// Whether all is so small that numbers mean nothing: for trying a suite out.
  package var isTiny: Bool { shape.isTiny }
}
