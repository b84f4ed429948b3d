// Operations that move elements and compute nothing: the same elements under another shape, order or selection.

extension Tensor {
  /// The same elements in row-major order under another shape; one extent may be -1, which is whatever fits.
  package func reshaped(_ shape: [Int]) -> Tensor {
    var target = shape
    if let free = shape.firstIndex(of: -1) {
      let known = shape.reduce(1) { $1 == -1 ? $0 : $0 * $1 }
      precondition(known > 0 && count % known == 0, "\(self) cannot take the shape \(shape)")
      target[free] = count / known
    }
    let original = self.shape
    return Tensor.record("reshape", output: viewed(as: target), inputs: [self]) { [$0.viewed(as: original)] }
  }

  /// Axes in another order: axis `i` of the result is axis `axes[i]` of this tensor.
  package func transposed(_ axes: [Int]) -> Tensor {
    let order = axes.map { axis($0) }
    precondition(order.sorted() == Array(shape.indices), "\(axes) does not name every axis of \(shape) once")
    return Tensor.record("transpose", output: copied(along: layout.transposed(order)), inputs: [self]) {
      upstream in
      let inverse = order.indices.sorted { order[$0] < order[$1] }
      return [upstream.copied(along: upstream.layout.transposed(inverse))]
    }
  }

  /// Repeated to a larger shape by NumPy's rules.
  package func expanded(to shape: [Int]) -> Tensor {
    let original = self.shape
    return Tensor.record("expand", output: repeated(to: shape), inputs: [self]) { [$0.summed(to: original)] }
  }

  /// Indices `start`, `start + step`, … before `end` along an axis; negative positions count from the end.
  package func slice(axis: Int, start: Int = 0, end: Int? = nil, step: Int = 1) -> Tensor {
    let axis = self.axis(axis)
    let extent = shape[axis]
    let from = start < 0 ? start + extent : start
    let to = end.map { $0 < 0 ? $0 + extent : $0 } ?? extent
    let part = layout.sliced(axis: axis, start: from, end: to, step: step)
    let original = shape
    return Tensor.record("slice", output: copied(along: part), inputs: [self]) { upstream in
      let gradient = Tensor.zeros(original)
      gradient.accumulate(upstream, into: part)
      return [gradient]
    }
  }

  /// Consecutive parts along an axis, with the given extents, which must add up to the axis's.
  package func split(axis: Int, sizes: [Int]) -> [Tensor] {
    let axis = self.axis(axis)
    precondition(
      sizes.reduce(0, +) == shape[axis], "parts of \(sizes) do not make axis \(axis) of \(shape)")
    var start = 0
    let places = sizes.map { size in
      defer { start += size }
      return layout.sliced(axis: axis, start: start, end: start + size, step: 1)
    }
    let original = shape
    return Tensor.record("split", outputs: places.map { copied(along: $0) }, inputs: [self]) { upstream, _ in
      // A part that nothing depended on has no gradient.
      let isWhole = upstream.allSatisfy { $0 != nil }
      let gradient = isWhole ? Tensor.uninitialized(original) : Tensor.zeros(original)
      for (part, place) in zip(upstream, places) {
        if let part { gradient.copy(part, along: part.layout, into: place) }
      }
      return [gradient]
    }
  }

  /// Tensors joined along an axis.
  package static func concatenated(_ parts: [Tensor], axis: Int) -> Tensor {
    guard let first = parts.first else { preconditionFailure("nothing to concatenate") }
    let axis = first.axis(axis)
    var shape = first.shape
    shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
    let output = Tensor.uninitialized(shape, dtype: first.dtype)
    var places: [Layout] = []
    var start = 0
    for part in parts {
      var expected = shape
      expected[axis] = part.shape[axis]
      precondition(
        part.shape == expected && part.dtype == first.dtype,
        "\(part) and \(first) cannot be joined along axis \(axis)")
      let place = output.layout.sliced(axis: axis, start: start, end: start + part.shape[axis], step: 1)
      output.copy(part, along: part.layout, into: place)
      places.append(place)
      start += part.shape[axis]
    }
    return record("concatenate", output: output, inputs: parts) { upstream, wanted in
      zip(places, wanted).map { place, wanted in wanted ? upstream.copied(along: place) : nil }
    }
  }

  /// Each index of `axis` repeated `repeats` times in a row: how few key and value heads serve many query heads.
  package func repeatKV(_ repeats: Int, axis: Int) -> Tensor {
    let axis = self.axis(axis)
    var split = shape
    split.insert(1, at: axis + 1)
    var target = split
    target[axis + 1] = repeats
    var merged = shape
    merged[axis] *= repeats
    return reshaped(split).expanded(to: target).reshaped(merged)
  }
}
