// One axis of a tensor as the middle of three: how kernels along an axis see it.

struct AxisView {
  let outer: Int
  let length: Int
  let inner: Int

  /// `axis` counted from the front.
  init(_ shape: [Int], axis: Int) {
    outer = shape[..<axis].reduce(1, *)
    length = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
  }
}

extension Tensor {
  /// Runs a kernel over rows along `axis`; axes other than the last are moved there and back.
  ///
  /// Not recorded.
  ///
  /// - Parameters:
  ///   - inputs: Tensors of this shape, read in this order.
  ///   - kernel: Is given the inputs' rows, the result's rows, how many, and their length.
  static func alongRows(
    axis: Int, _ inputs: [Tensor],
    _ kernel: (_ inputs: [UnsafePointer<Float>], UnsafeMutablePointer<Float>, _ rows: Int, _ width: Int) ->
      Void
  ) -> Tensor {
    let shape = inputs[0].shape
    guard axis == shape.count - 1 else {
      var order = Array(shape.indices)
      order.swapAt(axis, shape.count - 1)
      let result = alongRows(
        axis: shape.count - 1, inputs.map { $0.copied(along: $0.layout.transposed(order)) }, kernel)
      return result.copied(along: result.layout.transposed(order))
    }
    let output = Tensor.uninitialized(shape)
    let width = shape[axis]
    let (sources, target) = (inputs.map(\.source), output.target)
    VectorKernels.rows(output.count / Swift.max(1, width), width: width) { rows in
      let start = rows.lowerBound * width
      kernel(sources.map { $0 + start }, target + start, rows.count, width)
    }
    return output
  }
}
