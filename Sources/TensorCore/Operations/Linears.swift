// Linear layers on frozen weights that share their input, each with a low-rank adapter if it has one (Hu et al. 2021,
// "LoRA", arXiv:2106.09685): y = x Wᵀ + b + t Bᵀ with t = s x Aᵀ. What a layer and its adapter read is read once.
//
// Going back, with u = s dy B:  dx = Σ (dy W + u A),  dA = uᵀ x,  dB = dyᵀ t. Of the forward pass only x and t are
// needed, and x only where there is an adapter.
//
// UNSAFE, on purpose: raw pointers into tensors. Each piece of rows is in bounds because pieces partition the rows.

import CKernels

/// The factors of an adapter.
package struct LowRankFactors {
  /// The factor A, `[rank, inputs]`.
  let inner: Tensor
  /// The factor B, `[outputs, rank]`.
  let outer: Tensor
  let scale: Float

  /// Takes f32 factors A `[rank, inputs]` and B `[outputs, rank]`; what they add is `scale · x Aᵀ Bᵀ`.
  package init(inner: Tensor, outer: Tensor, scale: Float) {
    precondition(
      inner.rank == 2 && outer.rank == 2 && inner.shape[0] == outer.shape[1],
      "\(inner) and \(outer) are no factors [rank, inputs] and [outputs, rank]")
    self.inner = inner
    self.outer = outer
    self.scale = scale
  }
}

/// One of the layers that share an input.
package struct LinearTerm {
  let weight: any WeightMatrix
  let bias: Tensor?
  let adapter: LowRankFactors?

  /// - Parameters:
  ///   - weight: W `[outputs, inputs]`
  ///   - bias: `[outputs]`, a constant.
  ///   - adapter: factors that fit W.
  package init(weight: any WeightMatrix, bias: Tensor? = nil, adapter: LowRankFactors? = nil) {
    precondition(
      bias.map { $0.shape == [weight.rows] && !$0.requiresGradient } ?? true,
      "the bias of frozen weights [\(weight.rows), \(weight.columns)] must be a constant [\(weight.rows)]")
    precondition(
      adapter.map { $0.inner.shape[1] == weight.columns && $0.outer.shape[0] == weight.rows } ?? true,
      "the adapter does not fit weights [\(weight.rows), \(weight.columns)]")
    self.weight = weight
    self.bias = bias
    self.adapter = adapter
  }
}

extension Tensor {
  /// Applies layers to `[rows, inputs]`: one result `[rows, outputs]` for each.
  package func linears(_ terms: [LinearTerm]) -> [Tensor] {
    precondition(
      rank == 2 && terms.allSatisfy { $0.weight.columns == shape[1] },
      "\(self) cannot be multiplied by weights with \(terms.map(\.weight.columns)) columns")
    let layers = SharedLinears(terms)
    let x = detached()
    let thin = layers.downs(x)
    var outputs = layers.run(x, thin)
    let factors = terms.flatMap { $0.adapter.map { [$0.inner, $0.outer] } ?? [] }
    let needsInput = factors.contains(where: \.requiresGradient)
    if Recording.remakesProducts {
      let saved = Saved(self)
      let recipe = Tensor.recipes { layers.run(saved.value, thin) }
      outputs = outputs.enumerated().map { $1.remade(by: recipe, output: $0) }
    }
    let saved = needsInput ? Saved(self) : nil
    return Tensor.record("linears", outputs: outputs, inputs: [self] + factors) { upstream, wanted in
      layers.back(upstream, x: saved, thin, wanted: wanted)
    }
  }
}

/// The computation, apart from the graph.
private struct SharedLinears {
  private let terms: [LinearTerm]

  init(_ terms: [LinearTerm]) {
    self.terms = terms.map { term in
      LinearTerm(
        weight: term.weight, bias: term.bias?.detached(),
        adapter: term.adapter.map {
          LowRankFactors(inner: $0.inner.detached(), outer: $0.outer.detached(), scale: $0.scale)
        })
    }
  }

  /// Rows whose sums form one part of a factor's gradient; parts are added in their order.
  private static let partRows = 128

  /// t = s x Aᵀ of each layer with an adapter.
  func downs(_ x: Tensor) -> [Tensor?] {
    let (rows, inputs) = (x.shape[0], x.shape[1])
    let thin = terms.map { $0.adapter.map { Tensor.uninitialized([rows, $0.inner.shape[0]]) } }
    guard thin.contains(where: { $0 != nil }) else { return thin }
    let source = x.source
    // All layers look at a piece of x while it is in cache.
    VectorKernels.rows(rows, width: inputs) { piece in
      for case (let adapter?, let t?) in zip(terms.map(\.adapter), thin) {
        let rank = adapter.inner.shape[0]
        VectorKernels.best.thin_dot(
          source + piece.lowerBound * inputs, inputs, adapter.inner.source, inputs, piece.count, inputs, rank,
          adapter.scale, t.target + piece.lowerBound * rank, rank)
      }
    }
    return thin
  }

  /// The results, given t.
  func run(_ x: Tensor, _ thin: [Tensor?]) -> [Tensor] {
    let outputs = Gemm.multiply(x, by: terms.map(\.weight))
    for (index, term) in terms.enumerated() where term.adapter != nil || term.bias != nil {
      let (y, width) = (outputs[index].target, term.weight.rows)
      let isShort = x.shape[0] <= Int(MLT_DOT_ROWS)
      if isShort, let adapter = term.adapter, let t = thin[index] {
        // B is as large as the product then, and not worth turning.
        FloatProduct.multiply(
          m: x.shape[0], n: width, k: t.shape[1], t.operand(stride: t.shape[1]),
          adapter.outer.operand(stride: t.shape[1], transposed: true), into: y, stride: width,
          accumulating: true)
      }
      let outer = isShort ? nil : term.adapter.map { $0.outer.transposedMatrix() }
      VectorKernels.rows(x.shape[0], width: width) { piece in
        if let outer, let t = thin[index] {
          let rank = outer.shape[0]
          VectorKernels.best.thin_add(
            t.source + piece.lowerBound * rank, rank, outer.source, width, piece.count, width, rank,
            y + piece.lowerBound * width, width)
        }
        if let bias = term.bias?.source {
          for row in piece { VectorKernels.best.accumulate(bias, 1, y + row * width, width) }
        }
      }
    }
    return outputs
  }

  /// The gradients of x, and of A and B of each layer with an adapter.
  func back(_ upstream: [Tensor?], x: Saved?, _ thin: [Tensor?], wanted: [Bool]) -> [Tensor?] {
    var factors: [Tensor?] = []
    var updates: [(u: Tensor, inner: Tensor)] = []
    var place = 1
    for (index, term) in terms.enumerated() {
      guard let adapter = term.adapter, let t = thin[index] else { continue }
      let (wantsInner, wantsOuter) = (wanted[place], wanted[place + 1])
      place += 2
      guard let dy = upstream[index] else {
        factors += [nil, nil]
        continue
      }
      let (u, outer) = adapterBack(adapter, dy, t, wantsOuter: wantsOuter)
      updates.append((u: u, inner: adapter.inner))
      let inner = wantsInner ? x.flatMap { Self.outerProduct(u, $0.value) } : nil
      factors += [inner, outer]
    }
    return [wanted[0] ? inputGradient(upstream, updates) : nil] + factors
  }

  /// u = s dy B, and the gradient of B.
  private func adapterBack(
    _ adapter: LowRankFactors, _ dy: Tensor, _ t: Tensor, wantsOuter: Bool
  ) -> (u: Tensor, outer: Tensor?) {
    let outer = adapter.outer.transposedMatrix()
    let (rank, width) = (outer.shape[0], outer.shape[1])
    let u = Tensor.uninitialized([dy.shape[0], rank])
    let (dySource, tSource, uTarget, b) = (dy.source, t.source, u.target, outer.source)
    let sums = Self.parts(rows: dy.shape[0], count: wantsOuter ? rank : 0, width: width) { piece, part in
      // Few enough rows that the second look finds them in cache.
      let step = Self.rowsInCache(width)
      for row in stride(from: piece.lowerBound, to: piece.upperBound, by: step) {
        let count = Swift.min(step, piece.upperBound - row)
        VectorKernels.best.thin_dot(
          dySource + row * width, width, b, width, count, width, rank, adapter.scale, uTarget + row * rank,
          rank)
        guard let part else { continue }
        VectorKernels.best.thin_outer(
          tSource + row * rank, rank, dySource + row * width, width, count, width, rank, part, width)
      }
    }
    return (u, sums?.transposedMatrix())
  }

  /// tᵀ y: `[rows, rank]` and `[rows, width]` give `[rank, width]`.
  private static func outerProduct(_ t: Tensor, _ y: Tensor) -> Tensor? {
    let (rank, width) = (t.shape[1], y.shape[1])
    let (a, b) = (t.source, y.source)
    return parts(rows: t.shape[0], count: rank, width: width) { piece, part in
      guard let part else { return }
      VectorKernels.best.thin_outer(
        a + piece.lowerBound * rank, rank, b + piece.lowerBound * width, width, piece.count, width, rank,
        part,
        width)
    }
  }

  /// The gradient of x: Σ (dy W + u A).
  private func inputGradient(_ upstream: [Tensor?], _ updates: [(u: Tensor, inner: Tensor)]) -> Tensor? {
    let known = zip(upstream, terms).compactMap { dy, term in dy.map { (dy: $0, weight: term.weight) } }
    guard !known.isEmpty else { return nil }
    let dx = Gemm.multiplyBack(known.map(\.dy), by: known.map(\.weight))
    let (target, width) = (dx.target, dx.shape[1])
    VectorKernels.rows(dx.shape[0], width: width) { piece in
      for (u, inner) in updates {
        let rank = inner.shape[0]
        VectorKernels.best.thin_add(
          u.source + piece.lowerBound * rank, rank, inner.source, width, piece.count, width, rank,
          target + piece.lowerBound * width, width)
      }
    }
    return dx
  }

  /// Rows of a width that fill some 256 KiB; a multiple of what `thin_outer` takes at a time.
  private static func rowsInCache(_ width: Int) -> Int {
    Swift.max(32, (1 << 16) / Swift.max(1, width) / 32 * 32)
  }

  /// Runs `body` over parts of the rows, each with `[count, width]` zeros to add its sums to, and adds these up.
  ///
  /// - Returns: nil if `count` is 0; then `body` gets no place.
  private static func parts(
    rows: Int, count: Int, width: Int, _ body: (Range<Int>, UnsafeMutablePointer<Float>?) -> Void
  ) -> Tensor? {
    let sums = count > 0 ? Tensor.uninitialized([(rows + partRows - 1) / partRows, count, width]) : nil
    let target = sums?.target
    VectorKernels.pieces(rows, grain: partRows) { piece in
      let part = target.map { $0 + piece.lowerBound / partRows * count * width }
      part?.update(repeating: 0, count: count * width)
      body(piece, part)
    }
    return sums?.reduced(.sum, axes: [0])
  }
}

extension Tensor {
  /// A matrix turned, as a constant.
  fileprivate func transposedMatrix() -> Tensor { copied(along: layout.transposed([1, 0])) }
}
