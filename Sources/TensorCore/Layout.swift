// Index maps. A tensor's own elements are always contiguous; a layout says in which order, and how often, an
// operation visits them. Broadcasting, transposing, slicing and expanding are different layouts for one copy kernel
// going forward and one accumulate kernel going back.

import CKernels

/// Where the element with a given index lies: `offset + Σ index[a] · strides[a]`, in elements.
struct Layout: Equatable {
  var shape: [Int]
  /// Distances; 0 repeats an axis, negative runs backwards.
  var strides: [Int]
  var offset = 0

  /// The row-major order of a contiguous tensor.
  init(contiguous shape: [Int]) {
    self.shape = shape
    strides = Array(repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
  }

  /// The same elements with the axes in another order: axis `a` of the result is axis `axes[a]`.
  func transposed(_ axes: [Int]) -> Layout {
    var result = self
    result.shape = axes.map { shape[$0] }
    result.strides = axes.map { strides[$0] }
    return result
  }

  /// Repeated to a larger shape by NumPy's rules: missing leading axes and axes of extent 1 are repeated.
  func broadcast(to target: [Int]) -> Layout {
    precondition(
      target.count >= shape.count
        && zip(shape, target.suffix(shape.count)).allSatisfy { $0 == $1 || $0 == 1 },
      "\(shape) cannot be broadcast to \(target)")
    var result = self
    let missing = target.count - shape.count
    result.shape = target
    result.strides = Array(repeating: 0, count: missing) + zip(shape, strides).map { $0 == 1 ? 0 : $1 }
    return result
  }

  /// Every `step`-th index of an axis, from `start` up to and without `end`.
  func sliced(axis: Int, start: Int, end: Int, step: Int) -> Layout {
    precondition(step >= 1, "a slice's step must be positive, not \(step)")
    precondition(
      0 <= start && start <= end && end <= shape[axis],
      "the slice \(start)..<\(end) does not lie in axis \(axis) of \(shape)")
    var result = self
    result.offset += start * strides[axis]
    result.shape[axis] = (end - start + step - 1) / step
    result.strides[axis] *= step
    return result
  }

  /// The shape that two shapes broadcast to by NumPy's rules.
  static func broadcast(_ a: [Int], _ b: [Int]) -> [Int] {
    let rank = max(a.count, b.count)
    let left = Array(repeating: 1, count: rank - a.count) + a
    let right = Array(repeating: 1, count: rank - b.count) + b
    return zip(left, right).map { x, y in
      precondition(x == y || x == 1 || y == 1, "\(a) and \(b) cannot be broadcast together")
      return x == 1 ? y : x
    }
  }

  /// Merges neighbouring axes that all layouts (of one shape) walk as one, and drops axes of extent 1.
  static func merged(_ layouts: [Layout]) -> [Layout] {
    var result = layouts.map { Layout(shape: [], strides: [], offset: $0.offset) }
    for axis in layouts[0].shape.indices where layouts[0].shape[axis] != 1 {
      let extent = layouts[0].shape[axis]
      let joins = zip(result, layouts).allSatisfy { merged, layout in
        merged.strides.last.map { $0 == layout.strides[axis] * extent } ?? false
      }
      for index in result.indices {
        if joins, let last = result[index].shape.indices.last {
          result[index].shape[last] *= extent
          result[index].strides[last] = layouts[index].strides[axis]
        } else {
          result[index].shape.append(extent)
          result[index].strides.append(layouts[index].strides[axis])
        }
      }
    }
    return result
  }

  private init(shape: [Int], strides: [Int], offset: Int) {
    self.shape = shape
    self.strides = strides
    self.offset = offset
  }
}

extension Tensor {
  /// The row-major order of the elements.
  var layout: Layout { Layout(contiguous: shape) }

  /// A new tensor with the elements that `layout` visits.
  func copied(along layout: Layout) -> Tensor {
    let output = Tensor.uninitialized(layout.shape, dtype: dtype)
    output.copy(self, along: layout, into: output.layout)
    return output
  }

  /// Writes the elements of `other` that `layout` visits to the places of this fresh tensor that `target` visits.
  func copy(_ other: Tensor, along layout: Layout, into target: Layout) {
    let merged = Layout.merged([layout, target])
    let (shape, from, to) = (merged[0].shape, merged[0].strides, merged[1].strides)
    let source = other.storage.address + merged[0].offset * dtype.size
    let place = storage.address + merged[1].offset * dtype.size
    // Whole lines along the innermost axis go in pieces; a single line is not worth it.
    guard shape.count > 1 else {
      mlt_strided_copy(Int32(dtype.size), Int32(shape.count), shape, source, from, place, to)
      return
    }
    VectorKernels.rows(shape[0], width: shape.dropFirst().reduce(1, *)) { piece in
      let start = piece.lowerBound * dtype.size
      mlt_strided_copy(
        Int32(dtype.size), Int32(shape.count), [piece.count] + shape.dropFirst(), source + start * from[0],
        from, place + start * to[0], to)
    }
  }

  /// Adds the elements of f32 `other`, in its order, to the places of this fresh tensor that `target` visits.
  func accumulate(_ other: Tensor, into target: Layout) {
    let merged = Layout.merged([other.layout, target])
    mlt_strided_accumulate(
      Int32(merged[0].shape.count), merged[0].shape, other.source, merged[0].strides,
      self.target + merged[1].offset, merged[1].strides)
  }
}
