// The language model's loss, from hidden states and output matrix, without ever holding all logits: only rows that
// have a label are looked at, some at a time, and the gradient of a chunk is taken while its logits exist. Compare
// Hsu et al. 2024, "Liger Kernel" (arXiv:2410.10989), section 3.2.

import CKernels

/// The output matrix `[vocabulary, hidden]` of a language model.
package enum OutputHead {
  /// A frozen weight in any format.
  case frozen(any WeightMatrix)
  /// A weight that may be trained.
  case tensor(Tensor)
}

extension Tensor {
  /// Σ weight · -log softmax(hidden · headᵀ + bias)[label] over the rows with a label.
  ///
  /// - Parameters:
  ///   - head: `[vocabulary, hidden]`
  ///   - bias: `[vocabulary]`
  ///   - labels: One for each row of `self [rows, hidden]`; negative ones (-100) are ignored.
  ///   - weights: A factor for each row's loss; 1 if absent.
  ///   - scale: Multiplies the logits.
  ///   - softcap: Then they become cap · tanh(logit / cap).
  /// - Returns: The loss as a scalar, summed in double, and the sum of the weights, which is the number of labels if
  ///   there are none.
  package func linearCrossEntropy(
    head: OutputHead, bias: Tensor? = nil, labels: [Int32], weights: [Float]? = nil, scale: Float = 1,
    softcap: Float? = nil
  ) -> (loss: Tensor, weight: Float) {
    let run = LinearCrossEntropy(self, head, bias, labels, weights, scale, softcap)
    var inputs = [self]
    var trained: Tensor?
    if case .tensor(let weight) = head { trained = weight }
    inputs += [trained, bias].compactMap { $0 }
    let wanted = Tensor.recordingWanted(inputs)
    let result = run.compute(
      hiddenGradient: wanted && requiresGradient,
      headGradient: wanted && trained?.requiresGradient == true,
      biasGradient: wanted && bias?.requiresGradient == true)
    let (hasHead, hasBias) = (trained != nil, bias != nil)
    let loss = Tensor.record("linearCrossEntropy", output: Tensor(Float(result.loss)), inputs: inputs) {
      upstream in
      let factor = upstream.item()
      let gradients =
        [result.hiddenGradient] + (hasHead ? [result.headGradient] : [])
        + (hasBias ? [result.biasGradient] : [])
      return gradients.map { gradient in factor == 1 ? gradient : gradient.map { $0 * factor } }
    }
    return (loss, result.weight)
  }
}

/// One evaluation of the loss.
private struct LinearCrossEntropy {
  let hidden: Tensor
  let head: OutputHead
  let bias: Tensor?
  let vocabulary: Int
  let labels: [Int32]
  let weights: [Float]?
  let scale: Float
  let softcap: Float?

  struct Result {
    var loss = 0.0
    var weight: Float = 0
    var hiddenGradient: Tensor?
    var headGradient: Tensor?
    var biasGradient: Tensor?
  }

  init(
    _ hidden: Tensor, _ head: OutputHead, _ bias: Tensor?, _ labels: [Int32], _ weights: [Float]?,
    _ scale: Float, _ softcap: Float?
  ) {
    let shape: [Int]
    switch head {
    case .frozen(let matrix):
      shape = [matrix.rows, matrix.columns]
      self.head = head
    case .tensor(let weight):
      shape = weight.shape
      self.head = .tensor(weight.detached())
    }
    precondition(
      hidden.rank == 2 && shape.count == 2 && hidden.shape[1] == shape[1] && labels.count == hidden.shape[0],
      "linearCrossEntropy needs hidden [rows, h], a head [vocabulary, h] and a label per row, not \(hidden), \(shape) and "
        + "\(labels.count) labels")
    precondition(
      weights.map { $0.count == labels.count } ?? true, "linearCrossEntropy needs a weight per row")
    precondition(labels.allSatisfy { $0 < shape[0] }, "a label is past the vocabulary of \(shape[0])")
    self.hidden = hidden.detached()
    vocabulary = shape[0]
    self.bias = bias?.detached()
    self.labels = labels
    self.weights = weights
    self.scale = scale
    self.softcap = softcap
  }

  func compute(hiddenGradient: Bool, headGradient: Bool, biasGradient: Bool) -> Result {
    let labelled = labels.indices.filter { labels[$0] >= 0 }
    var result = Result()
    if hiddenGradient { result.hiddenGradient = .zeros(hidden.shape) }
    if headGradient { result.headGradient = .zeros([vocabulary, hidden.shape[1]]) }
    if biasGradient { result.biasGradient = .zeros([vocabulary]) }
    // 16 Mi logits (64 MiB) at a time, but enough rows that unpacking the head costs little beside multiplying by it; in
    // chunks of nearly one size.
    let largest = Swift.min(1024, Swift.max(256, (16 << 20) / Swift.max(1, vocabulary)))
    let chunks = Swift.max(1, (labelled.count + largest - 1) / largest)
    let chunk = Swift.max(1, (labelled.count + chunks - 1) / chunks)
    withoutRecording {
      for start in stride(from: 0, to: labelled.count, by: chunk) {
        add(Array(labelled[start..<Swift.min(start + chunk, labelled.count)]), to: &result)
      }
    }
    result.weight = labelled.reduce(0) { $0 + (weights?[$1] ?? 1) }
    return result
  }

  /// Adds the loss and the gradients of some rows.
  private func add(_ rows: [Int], to result: inout Result) {
    let width = hidden.shape[1]
    let ids = Tensor(rows.map { Int32($0) }, shape: [rows.count])
    let factors = Tensor(rows.map { weights?[$0] ?? 1 })
    let x = hidden.embedding(ids: ids)
    let logits = product(x)
    let wantsGradient =
      result.hiddenGradient != nil || result.headGradient != nil || result.biasGradient != nil
    // The capped logits are needed for the derivative of the cap; otherwise the gradient takes their place.
    var capped: Tensor?
    if let softcap {
      capped = logits.mapped { x, y, n in VectorKernels.best.softcap(x, softcap, y, n) }
    }
    let gradient = logits
    var losses = [Double](repeating: 0, count: rows.count)
    (capped ?? logits).crossEntropyRows(
      rows.map { labels[$0] }, losses: &losses, scales: factors, gradient: wantsGradient ? gradient : nil)
    for (index, row) in rows.enumerated() { result.loss += losses[index] * Double(weights?[row] ?? 1) }
    guard wantsGradient else { return }
    if let softcap, let capped {
      let (y, d) = (capped.source, gradient.target)
      VectorKernels.elements(gradient.count) { piece in
        let start = piece.lowerBound
        VectorKernels.best.softcap_back(y + start, d + start, softcap, d + start, piece.count)
      }
    }
    if scale != 1 {
      let d = gradient.target
      VectorKernels.elements(gradient.count) { piece in
        VectorKernels.best.affine(d + piece.lowerBound, scale, 0, d + piece.lowerBound, piece.count)
      }
    }
    if let sum = result.biasGradient { result.biasGradient = sum + gradient.sum(axes: [0]) }
    if let target = result.hiddenGradient { target.add(productBack(gradient), at: ids, axis: 0) }
    if let target = result.headGradient {
      FloatProduct.multiply(
        m: vocabulary, n: width, k: rows.count, gradient.operand(stride: vocabulary, transposed: true),
        x.operand(stride: width), into: target.target, stride: width, accumulating: true)
    }
  }

  /// The logits before the cap: scale · x · headᵀ.
  private func product(_ x: Tensor) -> Tensor {
    let logits =
      switch head {
      case .frozen(let matrix): matrix.multiply(x)
      case .tensor(let weight): x.linear(weight)
      }
    let biased = bias.map { logits + $0 } ?? logits
    return scale == 1 ? biased : biased * scale
  }

  /// The gradient of the chunk's hidden states: gradient · head.
  private func productBack(_ gradient: Tensor) -> Tensor {
    switch head {
    case .frozen(let matrix): return matrix.multiplyBack(gradient)
    case .tensor(let weight): return gradient.matmul(weight)
    }
  }
}
