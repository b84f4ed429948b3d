// Short causal convolutions of each channel by itself, which mix a row with the few before it: Poli et al. 2023, "Hyena
// Hierarchy" (arXiv:2302.10866), section 3; Gu and Dao 2023, "Mamba" (arXiv:2312.00752), section 3.4.
//
// With z = bias + Σ_j taps[count - 1 - j] · x[r - j] and y = f(z): dz = dy · f'(z), dx[r] = Σ_j taps[count - 1 - j] · dz[r + j],
// dtaps[count - 1 - j] = Σ_r dz[r] · x[r - j], dbias = Σ_r dz[r]. z is computed again going back, which costs less than to
// keep it.

import CKernels

extension Tensor {
  /// The causal convolution of each channel over the rows of each document, then the activation.
  ///
  /// - Parameters:
  ///   - taps: `[count, channels]`, the last for the row itself, the one before for the row before it.
  ///   - bias: `[channels]`
  ///   - documents: Consecutive ranges of rows that cover all of them; what would lie before a document is 0.
  ///   - activation: What becomes of the sums; nil leaves them.
  /// - Returns: the shape of this tensor, `[rows, channels]`.
  package func causalConvolution(
    taps: Tensor, bias: Tensor?, documents: [Range<Int>], activation: Activation? = nil
  ) -> Tensor {
    precondition(
      rank == 2 && taps.rank == 2 && taps.shape[1] == shape[1] && taps.shape[0] > 0
        && bias.map { $0.shape == [shape[1]] } ?? true,
      "a convolution of \(self) needs taps [count, \(shape.last ?? 0)] and a bias of as many channels, not \(taps)"
    )
    let problem = ConvolutionProblem(
      taps: taps.detached(), bias: bias?.detached(), documents: documents, rows: shape[0])
    let saved = Saved(self)
    let inputs = [self, taps] + (bias.map { [$0] } ?? [])
    func output(_ x: Tensor) -> Tensor {
      let sums = problem.sums(x)
      return activation.map { sums.activated($0) } ?? sums
    }
    let recipe = self.recipe == nil ? nil : Tensor.recipe { output(saved.value) }
    return Tensor.record("causal convolution", output: output(self).remade(by: recipe), inputs: inputs) {
      upstream, wanted in
      let x = saved.value
      let slope = activation.map { problem.sums(x).slope(of: $0, times: upstream) } ?? upstream
      let sums = problem.tapGradients(x, slope, wanted: wanted.dropFirst().contains(true))
      let count = problem.taps.shape[0]
      return [wanted[0] ? problem.inputGradient(slope) : nil, sums?.slice(axis: 0, end: count)]
        + (wanted.count > 2 ? [sums?.slice(axis: 0, start: count).viewed(as: [problem.width])] : [])
    }
  }
}

/// One convolution: its rows in pieces that each lie in one document.
private struct ConvolutionProblem {
  private struct Piece {
    let rows: Range<Int>
    /// Rows of its document before and after it.
    let before: Int
    let after: Int
  }

  let taps: Tensor
  let bias: Tensor?
  private let documents: [Range<Int>]
  private let rows: Int
  private let pieces: [Piece]
  var width: Int { taps.shape[1] }

  init(taps: Tensor, bias: Tensor?, documents: [Range<Int>], rows: Int) {
    (self.taps, self.bias, self.documents, self.rows) = (taps, bias, documents, rows)
    let grain = Swift.max(1, (1 << 15) / Swift.max(1, taps.shape[1]))
    var pieces: [Piece] = []
    var next = 0
    for document in documents {
      precondition(document.lowerBound == next, "the document \(document) does not follow row \(next)")
      next = document.upperBound
      for first in stride(from: document.lowerBound, to: document.upperBound, by: grain) {
        let end = Swift.min(first + grain, document.upperBound)
        pieces.append(
          Piece(
            rows: first..<end, before: first - document.lowerBound, after: document.upperBound - end))
      }
    }
    precondition(next == rows, "documents end at row \(next) of \(rows)")
    self.pieces = pieces
  }

  /// The sums before the activation.
  func sums(_ x: Tensor) -> Tensor {
    let output = Tensor.uninitialized(x.shape)
    let (source, w, b, y) = (x.source, taps.source, bias?.source, output.target)
    let (count, width) = (taps.shape[0], width)
    ThreadPool.shared.run(pieces.count) { index in
      let piece = pieces[index]
      let start = piece.rows.lowerBound * width
      VectorKernels.best.convolve(
        source + start, piece.before, w, b, count, y + start, piece.rows.count, width)
    }
    return output
  }

  func inputGradient(_ slope: Tensor) -> Tensor {
    let gradient = Tensor.uninitialized(slope.shape)
    let (dy, w, dx) = (slope.source, taps.source, gradient.target)
    let (count, width) = (taps.shape[0], width)
    ThreadPool.shared.run(pieces.count) { index in
      let piece = pieces[index]
      let start = piece.rows.lowerBound * width
      VectorKernels.best.convolve_back(
        dy + start, piece.after, w, count, dx + start, piece.rows.count, width)
    }
    return gradient
  }

  /// The gradients of the taps, and below them that of the bias if there is one.
  func tapGradients(_ x: Tensor, _ slope: Tensor, wanted: Bool) -> Tensor? {
    let (source, dy) = (x.source, slope.source)
    let (count, width) = (taps.shape[0], width)
    let sums = count + (bias == nil ? 0 : 1)
    return RowPartials.sum(rows: wanted ? rows : 0, width: width, sums: wanted ? sums : 0) { rows, partial in
      guard let partial else { return }
      partial.update(repeating: 0, count: sums * width)
      for document in documents {
        let own = document.clamped(to: rows)
        guard !own.isEmpty else { continue }
        let start = own.lowerBound * width
        VectorKernels.best.convolve_taps(
          source + start, own.lowerBound - document.lowerBound, dy + start, count, partial,
          bias == nil ? nil : partial + count * width, own.count, width)
      }
    }
  }
}
