// OpenBLAS' product of two f32 matrices, with its own threads: what every other product is compared with.

import COpenBLAS
import Glibc
import TensorCore

/// Computes X · Wᵀ by OpenBLAS.
final class LibraryProduct {
  let rows: Int
  let outputs: Int
  let inputs: Int
  private let x: Tensor
  private let w: Tensor
  private let y: OwnMemory

  init(rows: Int, outputs: Int, inputs: Int, seed: Int) {
    (self.rows, self.outputs, self.inputs) = (rows, outputs, inputs)
    x = RandomNumbers.tensor([rows, inputs], seed: seed)
    w = RandomNumbers.tensor([outputs, inputs], seed: seed + 1)
    y = OwnMemory(byteCount: 4 * rows * outputs)
  }

  /// Multiplications and additions of a product.
  var operations: Double { 2 * Double(rows) * Double(outputs) * Double(inputs) }

  /// One product; afterwards the library has one thread again, as the rest of mlt wants it.
  func run(threads: Int) {
    openblas_set_num_threads(Int32(threads))
    x.withBytes { x in
      w.withBytes { w in
        cblas_sgemm(
          CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rows), blasint(outputs), blasint(inputs), 1,
          x.bindMemory(to: Float.self).baseAddress, blasint(inputs),
          w.bindMemory(to: Float.self).baseAddress, blasint(inputs), 0,
          y.bytes.bindMemory(to: Float.self).baseAddress, blasint(outputs))
      }
    }
    openblas_set_num_threads(1)
  }

  /// Waits until the library's threads, which spin for a while after a product, sleep and leave the cores.
  static func waitForThreads() { usleep(60_000) }
}
