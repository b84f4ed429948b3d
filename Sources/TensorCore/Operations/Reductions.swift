// sum, mean, max and min over axes.

import CKernels

extension Tensor {
  /// The sum over `axes` (all by default).
  ///
  /// ∂/∂x = 1: the gradient is the upstream one, repeated.
  package func sum(axes: [Int]? = nil, keepingDimensions: Bool = false) -> Tensor {
    let plan = ReductionPlan(self, axes)
    let inputShape = shape
    let output = reduced(.sum, axes: plan.axes).viewed(as: plan.shape(keepingDimensions))
    return Tensor.record("sum", output: output, inputs: [self]) { upstream in
      [upstream.viewed(as: plan.kept).repeated(to: inputShape)]
    }
  }

  /// The mean over `axes` (all by default).
  package func mean(axes: [Int]? = nil, keepingDimensions: Bool = false) -> Tensor {
    let plan = ReductionPlan(self, axes)
    return sum(axes: axes, keepingDimensions: keepingDimensions)
      / Float(plan.axes.reduce(1) { $0 * shape[$1] })
  }

  /// The largest element over `axes` (all by default).
  ///
  /// Equal largest elements share the gradient.
  package func max(axes: [Int]? = nil, keepingDimensions: Bool = false) -> Tensor {
    extremum(.max, ReductionPlan(self, axes), keepingDimensions)
  }

  /// The smallest element over `axes` (all by default).
  ///
  /// Equal smallest elements share the gradient.
  package func min(axes: [Int]? = nil, keepingDimensions: Bool = false) -> Tensor {
    extremum(.min, ReductionPlan(self, axes), keepingDimensions)
  }

  private func extremum(_ operation: mlt_reduce, _ plan: ReductionPlan, _ keeping: Bool) -> Tensor {
    let best = reduced(operation, axes: plan.axes).viewed(as: plan.kept)
    let input = detached()
    return Tensor.record("extremum", output: best.viewed(as: plan.shape(keeping)), inputs: [self]) {
      upstream in
      let chosen = Tensor.combined(.equal, input, best)
      let count = chosen.reduced(.sum, axes: plan.axes).viewed(as: plan.kept)
      let share = Tensor.combined(.divide, upstream.viewed(as: plan.kept), count)
      return [Tensor.combined(.multiply, chosen, share)]
    }
  }
}

/// Which axes go, and the shapes with and without them.
private struct ReductionPlan {
  let axes: [Int]
  /// The shape with the reduced axes of extent 1.
  let kept: [Int]
  private let dropped: [Int]

  init(_ tensor: Tensor, _ axes: [Int]?) {
    let wanted = Set((axes ?? Array(tensor.shape.indices)).map { tensor.axis($0) })
    self.axes = wanted.sorted()
    kept = tensor.shape.indices.map { wanted.contains($0) ? 1 : tensor.shape[$0] }
    dropped = tensor.shape.indices.filter { !wanted.contains($0) }.map { tensor.shape[$0] }
  }

  func shape(_ keeping: Bool) -> [Int] { keeping ? kept : dropped }
}
