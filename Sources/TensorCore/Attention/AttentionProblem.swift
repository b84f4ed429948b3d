// One attention call: what it reads, and how it is cut into pieces. Pieces follow from shapes alone, and what is summed in
// several of them is added in a fixed order.
//
// UNSAFE, on purpose: raw pointers into tensors that the problem holds. In bounds because spans were checked against them.

import CKernels

struct AttentionProblem {
  /// Where the keys and values of a span lie, head by head.
  struct KeyRows {
    let key: Tensor
    let value: Tensor
    /// The span's first row.
    let firstRow: Int
    /// From row to row of one head, and from head to head.
    let rowStride: Int
    let headStride: Int
  }

  let query: Tensor
  let kvHeads: Int
  let spans: [AttentionSpan]
  /// One for each span.
  let keyRows: [KeyRows]
  let scale: Float
  let window: Int?
  let softcap: Float
  let sinks: Tensor?
  let causal: Bool

  /// Rows of a key head up to which reading keys is what the time goes into, as in decoding.
  ///
  /// The keys are cut, and read where they lie.
  static let fewRows = 32
  /// Blocks of keys of a piece of few rows: some tens of microseconds.
  static let fewRowsKeys = 4 * Int(MLT_ATTENTION_KEYS)
  /// Rows that meet the same keys one after the other.
  ///
  /// Their panels and outputs stay in the L2 cache. A multiple of the panels of all instruction sets.
  static let rowBlock = 192

  var rows: Int { query.shape[0] }
  var heads: Int { query.shape[1] }
  var width: Int { query.shape[2] }
  /// Query heads that share a key head.
  var group: Int { heads / kvHeads }

  /// - Parameters:
  ///   - keyRows: for each span.
  init(
    query: Tensor, kvHeads: Int, spans: [AttentionSpan], keyRows: [KeyRows], scale: Float, window: Int?,
    softcap: Float?, sinks: Tensor?, causal: Bool
  ) {
    precondition(
      sinks.map { $0.shape == [query.shape[1]] } ?? true,
      "attention sinks must have the shape [\(query.shape[1])]")
    precondition(window.map { $0 > 0 } ?? true, "an attention window sees at least one key")
    var next = 0
    for span in spans {
      precondition(
        span.queries.lowerBound == next && (!causal || span.queries.count <= span.keys.count),
        "the attention span \(span) does not fit query row \(next)")
      next = span.queries.upperBound
    }
    precondition(next == query.shape[0], "attention spans end at row \(next) of \(query.shape[0])")
    self.query = query.detached()
    self.kvHeads = kvHeads
    self.spans = spans
    self.keyRows = keyRows
    self.scale = scale
    self.window = window
    self.softcap = softcap ?? 0
    self.sinks = sinks?.detached()
    self.causal = causal
  }

  /// Keys and values `[rows, kvHeads, d]`.
  init(
    query: Tensor, key: Tensor, value: Tensor, spans: [AttentionSpan], scale: Float, window: Int?,
    softcap: Float?, sinks: Tensor?, causal: Bool
  ) {
    precondition(
      query.rank == 3 && key.rank == 3 && key.shape == value.shape && query.shape[2] == key.shape[2]
        && key.shape[1] > 0 && query.shape[1] % key.shape[1] == 0,
      "attention needs [rows, heads, d] and [keyRows, kvHeads, d], not \(query), \(key), \(value)")
    precondition(
      spans.allSatisfy { $0.keys.lowerBound >= 0 && $0.keys.upperBound <= key.shape[0] },
      "an attention span reaches past \(key.shape[0]) keys")
    let (kvHeads, width) = (key.shape[1], key.shape[2])
    let isFewRows = spans.allSatisfy {
      $0.queries.count * query.shape[1] / kvHeads <= AttentionProblem.fewRows
    }
    let (packedKey, packedValue, rowStride, headStride) =
      kvHeads == 1 || isFewRows
      ? (key.detached(), value.detached(), kvHeads * width, width)
      : (key.headMajor(), value.headMajor(), width, key.shape[0] * width)
    self.init(
      query: query, kvHeads: kvHeads, spans: spans,
      keyRows: spans.map {
        KeyRows(
          key: packedKey, value: packedValue, firstRow: $0.keys.lowerBound, rowStride: rowStride,
          headStride: headStride)
      },
      scale: scale, window: window, softcap: softcap, sinks: sinks, causal: causal)
  }

  /// What the kernels read for one span and key head.
  func arguments(_ span: Int, kvHead: Int) -> mlt_attention {
    let (keys, range) = (keyRows[span], spans[span])
    let start = keys.firstRow * keys.rowStride + kvHead * keys.headStride
    return mlt_attention(
      query: query.source + place(span, kvHead: kvHead),
      key: keys.key.source + start, value: keys.value.source + start, query_stride: heads * width,
      key_stride: keys.rowStride, width: width, group: group, scale: scale,
      cap: softcap, position: range.keys.count - range.queries.count, window: window ?? 0,
      keys: range.keys.count, causal: causal ? 1 : 0)
  }

  /// Where the rows of one span and key head begin in a tensor `[rows, heads, d]`.
  func place(_ span: Int, kvHead: Int) -> Int {
    (spans[span].queries.lowerBound * heads + kvHead * group) * width
  }

  /// Where they begin in a tensor `[heads, rows]`.
  func statisticsPlace(_ span: Int, kvHead: Int) -> Int {
    kvHead * group * rows + spans[span].queries.lowerBound
  }

  /// The keys of a span that at least one of its queries sees, as indices into the span's.
  func visibleKeys(_ span: Int, queries: Range<Int>) -> Range<Int> {
    let keys = spans[span].keys.count
    let firstPosition = keys - spans[span].queries.count + queries.lowerBound
    let first = window.map { Swift.max(0, firstPosition - $0 + 1) } ?? 0
    return first..<Swift.max(first, causal ? firstPosition + queries.count : keys)
  }
}

extension Tensor {
  /// `[rows, heads, d]` as `[heads, rows, d]`, so that the rows of a head follow each other: with a power of two between
  /// them they would fall on the same few sets of a cache.
  fileprivate func headMajor() -> Tensor {
    let (rows, heads, width) = (shape[0], shape[1], shape[2])
    let output = Tensor.uninitialized([heads, rows, width])
    let (from, to) = (source, output.target)
    VectorKernels.rows(rows, width: heads * width) { piece in
      for row in piece {
        for head in 0..<heads {
          (to + (head * rows + row) * width).update(from: from + (row * heads + head) * width, count: width)
        }
      }
    }
    return output
  }
}
