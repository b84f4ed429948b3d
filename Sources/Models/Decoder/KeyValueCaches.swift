// What is kept of the tokens seen so far, so that generating the next token costs one row. Attention keeps keys and values;
// those of a head follow each other, so that it reads them as one stream. Other mixers keep something of fixed size
// (MixerState.swift). UNSAFE memory: rows are copied into buffers that grow by doubling, within bounds checked here.

import TensorCore

/// The cache of one document over all layers.
package final class KeyValueCaches {
  /// Keys and values `[keyValueHeads, capacity, headSize]`; rows from `length` on are undefined.
  private struct Layer {
    var keys: Tensor
    var values: Tensor
  }

  /// Nil until the first rows come, and where a layer does not attend.
  private var layers: [Layer?]
  /// What layers keep that do not attend.
  private(set) var states: [MixerState]
  /// Number of tokens in the cache.
  package private(set) var length = 0

  /// An empty cache for a decoder of this specification.
  package init(_ spec: DecoderSpec) {
    layers = Array(repeating: nil, count: spec.blocks.count)
    states = Array(repeating: MixerState(), count: spec.blocks.count)
  }

  /// A place in the text that the cache can go back to.
  package struct Place {
    package let length: Int
    fileprivate let states: [MixerState]
  }

  /// Where the text ends now.
  ///
  /// States are never written to, so that a place costs nothing but what it keeps alive.
  package var place: Place { Place(length: length, states: states) }

  /// Forgets what came after a place in the text read since.
  package func goBack(to place: Place) {
    precondition(
      place.length <= length, "a cache of \(length) tokens can't go back to one of \(place.length)")
    length = place.length
    states = place.states
  }

  /// Keeps the state of a layer after new rows.
  func keep(_ state: MixerState, layer: Int) { states[layer] = state }

  /// Stores the keys and values of new rows behind those of `length` tokens.
  ///
  /// - Parameters:
  ///   - keys: `[all rows, keyValueHeads, headSize]`
  ///   - values: the same shape.
  ///   - rows: those of this document.
  /// - Returns: buffers `[keyValueHeads, capacity, headSize]` that begin with all keys and values of each head.
  func append(_ keys: Tensor, _ values: Tensor, rows: Range<Int>, layer: Int) -> (
    keys: Tensor, values: Tensor
  ) {
    let needed = length + rows.count
    let stored: Layer
    if let known = layers[layer], known.keys.shape[1] >= needed {
      stored = known
    } else {
      let capacity = max(64, needed, 2 * length)
      let shape = [keys.shape[1], capacity, keys.shape[2]]
      stored = Layer(keys: .uninitialized(shape), values: .uninitialized(shape))
      if let old = layers[layer] {
        for (from, to) in [(old.keys, stored.keys), (old.values, stored.values)] {
          copyHeads(
            from, headStride: from.shape[1], rowStride: 1, rows: 0..<length, into: to, at: 0)
        }
      }
      layers[layer] = stored
    }
    for (from, to) in [(keys, stored.keys), (values, stored.values)] {
      copyHeads(from, headStride: 1, rowStride: from.shape[1], rows: rows, into: to, at: length)
    }
    return (stored.keys, stored.values)
  }

  /// Counts the rows that every layer has stored.
  func advance(by rows: Int) { length += rows }

  /// Copies rows of every head to row `start` of each; strides in units of one head's row.
  private func copyHeads(
    _ tensor: Tensor, headStride: Int, rowStride: Int, rows: Range<Int>, into buffer: Tensor, at start: Int
  ) {
    let (heads, capacity, row) = (buffer.shape[0], buffer.shape[1], buffer.shape[2] * buffer.dtype.size)
    precondition(start + rows.count <= capacity, "\(start + rows.count) rows don't fit \(buffer)")
    // Rows that follow each other go in one piece.
    let (pieces, piece) = rowStride == 1 ? (min(1, rows.count), rows.count * row) : (rows.count, row)
    buffer.withMutableBytes { target in
      tensor.withBytes { source in
        for head in 0..<heads {
          for index in 0..<pieces {
            let from = (head * headStride + (rows.lowerBound + index) * rowStride) * row
            let to = (head * capacity + start + index) * row
            UnsafeMutableRawBufferPointer(rebasing: target[to..<to + piece])
              .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from..<from + piece]))
          }
        }
      }
    }
  }
}
