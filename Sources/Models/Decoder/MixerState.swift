// What a document leaves to its next rows in a layer that does not attend: the last rows that its convolution reaches back
// to, and the memory of its recurrence. Without caches documents begin with neither.

import TensorCore

/// What a mixer that is not attention keeps of a document: tensors that are replaced, never written to.
struct MixerState {
  /// The last inputs of the convolution, at most as many as it reaches back: `[rows, channels]`.
  var rows: Tensor?
  /// The memory of the recurrence: `[heads, keySize, valueSize]`.
  var memory: Tensor?
}

extension ForwardPass {
  /// Puts new rows of each document behind those that its cache keeps, and keeps the last ones.
  ///
  /// - Parameters:
  ///   - x: `[rows, channels]` of all documents.
  ///   - count: how many rows are kept.
  /// - Returns: old and new rows of all documents, where each document lies in them, and where its new rows do.
  func appended(_ x: Tensor, keeping count: Int, layer: Int) -> (
    rows: Tensor, documents: [Range<Int>], new: [Range<Int>]
  ) {
    var parts: [Tensor] = []
    var ranges: [Range<Int>] = []
    var fresh: [Range<Int>] = []
    var start = 0
    for (cache, document) in zip(caches, documents) {
      var state = cache.states[layer]
      let own = x.slice(axis: 0, start: document.lowerBound, end: document.upperBound)
      let whole = state.rows.map { Tensor.concatenated([$0, own], axis: 0) } ?? own
      let length = whole.shape[0]
      state.rows = whole.slice(axis: 0, start: max(0, length - count)).detached()
      cache.keep(state, layer: layer)
      parts.append(whole)
      ranges.append(start..<start + length)
      fresh.append(start + length - document.count..<start + length)
      start += length
    }
    return (parts.count == 1 ? parts[0] : .concatenated(parts, axis: 0), ranges, fresh)
  }

  /// What the rows read from the memories of their documents, which go on from those that caches keep.
  func recurrence(
    query: Tensor, key: Tensor, value: Tensor, decay: Tensor, step: Tensor, rule: RecurrenceRule, layer: Int
  ) -> Tensor {
    guard !caches.isEmpty else {
      return .recurrence(
        query: query, key: key, value: value, decay: decay, step: step, rule: rule, documents: documents)
    }
    let (output, memories) = Tensor.recurrence(
      query: query, key: key, value: value, decay: decay, step: step, rule: rule, documents: documents,
      memories: caches.map { $0.states[layer].memory })
    for (cache, memory) in zip(caches, memories) {
      var state = cache.states[layer]
      state.memory = memory
      cache.keep(state, layer: layer)
    }
    return output
  }
}
