// Cross entropy of logits that exist already. Training uses `linearCrossEntropy`, which never holds them all.

import CKernels

extension Tensor {
  /// How losses become one.
  package enum LossReduction: Sendable {
    /// The mean over the rows that count.
    case mean
    case sum
    /// A loss for each row, 0 for ignored ones.
    case none
  }

  /// -log softmax(self)[label] along the last axis.
  ///
  /// - Parameters:
  ///   - labels: Integers in the shape of `self` without the last axis.
  ///   - ignoring: The label of rows that do not count.
  ///   - reduction: What is returned: a scalar, or one loss per row.
  package func crossEntropy(labels: Tensor, ignoring: Int = -100, reduction: LossReduction = .mean) -> Tensor
  {
    precondition(
      rank >= 1 && labels.shape == Array(shape.dropLast()),
      "\(self) needs labels of \(shape.dropLast()), not \(labels)")
    let width = shape[rank - 1]
    let numbers = labels.integers().map { label -> Int32 in
      guard label != ignoring else { return -1 }
      precondition(label >= 0 && label < width, "label \(label) is not in 0..<\(width)")
      return Int32(label)
    }
    let rows = numbers.count
    let counted = numbers.reduce(0) { $0 + ($1 >= 0 ? 1 : 0) }
    let logits = detached()
    var losses = [Double](repeating: 0, count: rows)
    logits.crossEntropyRows(numbers, losses: &losses, scales: nil, gradient: nil)
    let factor: Double =
      switch reduction {
      case .mean: 1 / Double(counted)
      case .sum, .none: 1
      }
    let output =
      reduction == .none
      ? Tensor(losses.map { Float($0) }, shape: labels.shape) : Tensor(Float(losses.reduce(0, +) * factor))
    return Tensor.record("crossEntropy", output: output, inputs: [self]) { upstream in
      let scales = reduction == .none ? upstream : Tensor.full([rows], value: upstream.item() * Float(factor))
      let gradient = Tensor.uninitialized(logits.shape)
      var unused = [Double](repeating: 0, count: rows)
      logits.crossEntropyRows(numbers, losses: &unused, scales: scales, gradient: gradient)
      return [gradient]
    }
  }

  /// The loss of each row `[…, width]` and, if there is a place for it, the gradient times the row's scale.
  ///
  /// `gradient` may be this tensor. Labels are below the width; negative ones give 0.
  func crossEntropyRows(_ labels: [Int32], losses: inout [Double], scales: Tensor?, gradient: Tensor?) {
    let width = shape[rank - 1]
    let (x, dx, s) = (source, gradient?.target, scales?.source)
    losses.withUnsafeMutableBufferPointer { losses in
      labels.withUnsafeBufferPointer { labels in
        guard let loss = losses.baseAddress, let label = labels.baseAddress else { return }
        VectorKernels.rows(labels.count, width: width) { rows in
          let start = rows.lowerBound
          VectorKernels.best.cross_entropy(
            x + start * width, label + start, rows.count, width, loss + start, s.map { $0 + start },
            dx.map { $0 + start * width })
        }
      }
    }
  }
}
