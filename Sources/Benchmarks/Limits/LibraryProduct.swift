// OpenBLAS' product of two f32 matrices, with its own threads: what every other product is compared with.

import COpenBLAS
import Glibc
import TensorCore

/// Computes X · Wᵀ by OpenBLAS.
final class LibraryProduct {
  private let shape: ProductShape
  private let x: Tensor
  private let w: Tensor
  private let y: OwnMemory

  init(_ shape: ProductShape, seed: Int) {
    self.shape = shape
    x = RandomNumbers.tensor([shape.rows, shape.inputs], seed: seed)
    w = RandomNumbers.tensor([shape.outputs, shape.inputs], seed: seed + 1)
    y = OwnMemory(byteCount: 4 * shape.rows * shape.outputs)
  }

  /// One product; afterwards the library has one thread again, as the rest of mlt wants it.
  func run(threads: Int) {
    let (rows, outputs, inputs) = (blasint(shape.rows), blasint(shape.outputs), blasint(shape.inputs))
    openblas_set_num_threads(Int32(threads))
    x.withBytes { x in
      w.withBytes { w in
        cblas_sgemm(
          CblasRowMajor, CblasNoTrans, CblasTrans, rows, outputs, inputs, 1,
          x.bindMemory(to: Float.self).baseAddress, inputs, w.bindMemory(to: Float.self).baseAddress, inputs,
          0,
          y.bytes.bindMemory(to: Float.self).baseAddress, outputs)
      }
    }
    openblas_set_num_threads(1)
  }

  /// Waits until the library's threads, which spin for a while after a product, sleep and leave the cores.
  static func waitForThreads() { usleep(60_000) }
}
