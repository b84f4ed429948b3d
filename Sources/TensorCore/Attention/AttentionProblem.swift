// One attention call: what it reads, and which blocks of queries and keys meet.

import CKernels

struct AttentionProblem {
  let query: Tensor
  let key: Tensor
  let value: Tensor
  let spans: [AttentionSpan]
  let scale: Float
  let window: Int?
  let softcap: Float
  let sinks: Tensor?
  let causal: Bool

  /// Rows of a block of queries and of a block of keys: 64 · 128 scores and their operands stay in the L2 cache.
  static let queryBlock = 64
  static let keyBlock = 128

  var rows: Int { query.shape[0] }
  var heads: Int { query.shape[1] }
  var kvHeads: Int { key.shape[1] }
  var width: Int { query.shape[2] }
  /// Query heads that share a key head.
  var group: Int { heads / kvHeads }

  init(
    query: Tensor, key: Tensor, value: Tensor, spans: [AttentionSpan], scale: Float, window: Int?,
    softcap: Float?,
    sinks: Tensor?, causal: Bool
  ) {
    precondition(
      query.rank == 3 && key.rank == 3 && key.shape == value.shape && query.shape[2] == key.shape[2]
        && key.shape[1] > 0 && query.shape[1] % key.shape[1] == 0,
      "attention needs [rows, heads, d] and [keyRows, kvHeads, d], not \(query), \(key), \(value)")
    precondition(
      sinks.map { $0.shape == [query.shape[1]] } ?? true,
      "attention sinks must have the shape [\(query.shape[1])]")
    precondition(window.map { $0 > 0 } ?? true, "an attention window sees at least one key")
    var next = 0
    for span in spans {
      precondition(
        span.queries.lowerBound == next && span.keys.upperBound <= key.shape[0]
          && (!causal || span.queries.count <= span.keys.count),
        "the attention span \(span) does not fit query row \(next) and \(key.shape[0]) keys")
      next = span.queries.upperBound
    }
    precondition(next == query.shape[0], "attention spans end at row \(next) of \(query.shape[0])")
    self.query = query.detached()
    self.key = key.detached()
    self.value = value.detached()
    self.spans = spans
    self.scale = scale
    self.window = window
    self.softcap = softcap ?? 0
    self.sinks = sinks?.detached()
    self.causal = causal
  }

  /// A block of queries of one span.
  struct QueryBlock {
    let span: AttentionSpan
    /// Query rows relative to the span's first.
    let range: Range<Int>
    var firstRow: Int { span.queries.lowerBound + range.lowerBound }
  }

  /// The blocks of queries of a span, in order.
  static func blocks(of span: AttentionSpan) -> [QueryBlock] {
    stride(from: 0, to: span.queries.count, by: queryBlock).map {
      QueryBlock(span: span, range: $0..<Swift.min($0 + queryBlock, span.queries.count))
    }
  }

  /// The keys of the span that at least one query of the block sees, relative to the span's first key.
  func visibleKeys(_ block: QueryBlock) -> Range<Int> {
    let keys = block.span.keys.count
    let firstPosition = keys - block.span.queries.count + block.range.lowerBound
    let lastPosition = firstPosition + block.range.count - 1
    let first = window.map { Swift.max(0, firstPosition - $0 + 1) } ?? 0
    let last = causal ? lastPosition + 1 : keys
    return first..<Swift.max(first, last)
  }

  /// The blocks of keys that cover the visible ones, cut at multiples of the block size so that both directions sum
  /// in the same pieces.
  func keyBlocks(_ visible: Range<Int>) -> [Range<Int>] {
    let size = AttentionProblem.keyBlock
    return stride(from: visible.lowerBound / size * size, to: visible.upperBound, by: size).map {
      Swift.max($0, visible.lowerBound)..<Swift.min($0 + size, visible.upperBound)
    }
  }

  /// Which keys of a block the queries of a block see; row by row the band moves by one key, unless the block is a single
  /// query.
  func band(_ block: QueryBlock, _ keys: Range<Int>) -> mlt_band {
    let firstPosition = block.span.keys.count - block.span.queries.count + block.range.lowerBound
    let step = block.range.count == 1 ? 0 : 1
    var band = mlt_band(first: 0, first_step: 0, last: keys.count, last_step: 0)
    if let window {
      band.first = firstPosition - window + 1 - keys.lowerBound
      band.first_step = step
    }
    if causal {
      band.last = firstPosition + 1 - keys.lowerBound
      band.last_step = step
    }
    return band
  }

  /// Rows of one head in a tensor `[rows, heads, d]`.
  func rowsOfHead(_ tensor: Tensor, row: Int, head: Int, transposed: Bool = false) -> MatrixOperand {
    let stride = tensor.shape[1] * width
    return MatrixOperand(
      address: tensor.source + row * stride + head * width, stride: stride, isTransposed: transposed)
  }
}
