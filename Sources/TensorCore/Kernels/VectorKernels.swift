// How operations launch C kernels: a table chosen once, and loops cut into pieces by their size alone.
//
// UNSAFE, on purpose: raw pointers into tensors. Each piece is in bounds because pieces partition `0 ..< count`, and
// each writes only its own part of the output.

import CKernels

enum VectorKernels {
  /// The best set of vector kernels that this machine can run.
  nonisolated(unsafe) static let best: mlt_vector_kernels = {  // immutable after this
    guard let table = mlt_vector_kernels_available(0) else {
      preconditionFailure("the portable kernels run everywhere")
    }
    return table.pointee
  }()

  /// Elements that are worth a task of their own: some tens of microseconds.
  private static let grain = 1 << 15

  /// Cuts `0 ..< count` into pieces of `grain` items and runs them in parallel.
  static func pieces(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
    guard count > grain else {
      if count > 0 { body(0..<count) }
      return
    }
    ThreadPool.shared.run((count + grain - 1) / grain) { piece in
      body(piece * grain..<min(count, (piece + 1) * grain))
    }
  }

  /// Pieces of elements.
  static func elements(_ count: Int, _ body: (Range<Int>) -> Void) { pieces(count, grain: grain, body) }

  /// Pieces of rows with `width` elements each.
  static func rows(_ count: Int, width: Int, _ body: (Range<Int>) -> Void) {
    pieces(count, grain: max(1, grain / max(1, width)), body)
  }
}

extension Tensor {
  /// A fresh tensor of the same shape, filled by `kernel`, which is given this tensor's elements, the result's and how
  /// many, piece by piece.
  func mapped(_ kernel: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void) -> Tensor {
    let output = Tensor.uninitialized(shape)
    let (x, y) = (source, output.target)
    VectorKernels.elements(count) { kernel(x + $0.lowerBound, y + $0.lowerBound, $0.count) }
    return output
  }

  /// The sum with a tensor of the same shape; written into this tensor's storage if nothing else refers to it.
  consuming func adding(consuming other: Tensor) -> Tensor {
    var sum = self
    if !sum.holdsStorageAlone() { sum = sum.mapped { x, y, n in VectorKernels.best.affine(x, 1, 0, y, n) } }
    let (x, y) = (other.source, sum.target)
    VectorKernels.elements(sum.count) {
      VectorKernels.best.accumulate(x + $0.lowerBound, 1, y + $0.lowerBound, $0.count)
    }
    return sum
  }
}
