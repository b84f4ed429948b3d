// What a benchmark is asked to measure.

import SafeIO
import TensorCore

/// The settings of a run, as the flags of `mlt bench` give them.
package struct BenchmarkOptions: Sendable {
  /// The random model's shape; also of the kernels' matrices, if it was asked for.
  package var shape: ModelShape
  /// Whether the shape was named, so that kernels take its matrices instead of the usual ones.
  package var isShapeChosen = false
  /// The folder of a real model, instead of a random one.
  package var model: String?
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
  /// The program that is started to measure how long it takes to start.
  package var executable = "/proc/self/exe"

  package init(shape: ModelShape) { self.shape = shape }

  /// Whether all is so small that numbers mean nothing: for trying a suite out.
  package var isTiny: Bool { shape.isTiny }
}
