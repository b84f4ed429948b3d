// Linear layers on frozen weights that share their input, each with a low-rank adapter if it has one (Hu et al. 2021,
// "LoRA", arXiv:2106.09685): y = x Wᵀ + b + t Bᵀ with t = s x Aᵀ. What a layer and its adapter read is read once.
//
// Going back, with u = s dy B:  dx = Σ (dy W + u A),  dA = uᵀ x,  dB = dyᵀ t. Of the forward pass only x and t are
// needed, and x only where there is an adapter. With dropout D, A reads D x: then u A becomes D (u A), and x D x.
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
  let dropout: Dropout?

  /// Takes f32 factors A `[rank, inputs]` and B `[outputs, rank]`; what they add is `scale · dropout(x) Aᵀ Bᵀ`.
  package init(inner: Tensor, outer: Tensor, scale: Float, dropout: Dropout? = nil) {
    precondition(
      inner.rank == 2 && outer.rank == 2 && inner.shape[0] == outer.shape[1],
      "\(inner) and \(outer) are no factors [rank, inputs] and [outputs, rank]")
    self.inner = inner
    self.outer = outer
    self.scale = scale
    self.dropout = dropout
  }

  /// The same factors as constants.
  fileprivate func detached() -> LowRankFactors {
    LowRankFactors(inner: inner.detached(), outer: outer.detached(), scale: scale, dropout: dropout)
  }

  /// Lends `count` rows of the layer's input, from row `first` on, as A reads them.
  fileprivate func withInput(
    _ x: UnsafePointer<Float>, first: Int, count: Int, _ body: (UnsafePointer<Float>) -> Void
  ) {
    let width = inner.shape[1]
    guard let dropout else { return body(x + first * width) }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: Swift.max(1, count * width)) { scratch in
      guard let rows = scratch.baseAddress else { return }
      dropout.mask(x + first * width, start: first * width, into: rows, count: count * width)
      body(rows)
    }
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
        adapter: term.adapter?.detached())
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
        adapter.withInput(source, first: piece.lowerBound, count: piece.count) { x in
          VectorKernels.best.thin_dot(
            x, inputs, adapter.inner.source, inputs, piece.count, inputs, rank, adapter.scale,
            t.target + piece.lowerBound * rank, rank)
        }
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
    var updates: [(u: Tensor, adapter: LowRankFactors)] = []
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
      updates.append((u: u, adapter: adapter))
      let inner = wantsInner ? x.flatMap { innerGradient(adapter, u, $0.value) } : nil
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

  /// The gradient of A: uᵀ x.
  private func innerGradient(_ adapter: LowRankFactors, _ u: Tensor, _ x: Tensor) -> Tensor? {
    let (rank, width) = (u.shape[1], x.shape[1])
    let (uSource, xSource) = (u.source, x.source)
    return Self.parts(rows: u.shape[0], count: rank, width: width) { piece, part in
      guard let part else { return }
      adapter.withInput(xSource, first: piece.lowerBound, count: piece.count) { x in
        VectorKernels.best.thin_outer(
          uSource + piece.lowerBound * rank, rank, x, width, piece.count, width, rank, part, width)
      }
    }
  }

  /// The gradient of x: Σ (dy W + u A).
  private func inputGradient(_ upstream: [Tensor?], _ updates: [(u: Tensor, adapter: LowRankFactors)])
    -> Tensor?
  {
    let known = zip(upstream, terms).compactMap { dy, term in dy.map { (dy: $0, weight: term.weight) } }
    guard !known.isEmpty else { return nil }
    let dx = Gemm.multiplyBack(known.map(\.dy), by: known.map(\.weight))
    let (target, width) = (dx.target, dx.shape[1])
    VectorKernels.rows(dx.shape[0], width: width) { piece in
      let place = target + piece.lowerBound * width
      for (u, adapter) in updates {
        let rank = adapter.inner.shape[0]
        func add(to y: UnsafeMutablePointer<Float>) {
          VectorKernels.best.thin_add(
            u.source + piece.lowerBound * rank, rank, adapter.inner.source, width, piece.count, width, rank,
            y,
            width)
        }
        guard let dropout = adapter.dropout else {
          add(to: place)
          continue
        }
        let count = piece.count * width
        withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { scratch in
          guard let rows = scratch.baseAddress else { return }
          rows.update(repeating: 0, count: count)
          add(to: rows)
          dropout.mask(rows, start: piece.lowerBound * width, into: rows, count: count)
          VectorKernels.best.accumulate(rows, 1, place, count)
        }
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
