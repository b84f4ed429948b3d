// Running sums. The gradient is the running sum from the other end.

import CKernels

extension Tensor {
  /// Σ of the elements up to and with each, along an axis.
  package func cumulativeSum(axis: Int) -> Tensor {
    let view = AxisView(shape, axis: self.axis(axis))
    func run(_ tensor: Tensor, reversed: Bool) -> Tensor {
      let output = Tensor.uninitialized(tensor.shape)
      mlt_cumulative_sum(tensor.source, view.outer, view.length, view.inner, reversed ? 1 : 0, output.target)
      return output
    }
    return Tensor.record("cumulativeSum", output: run(self, reversed: false), inputs: [self]) {
      [run($0, reversed: true)]
    }
  }
}
