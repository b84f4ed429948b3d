// The keys and values of the tokens seen so far, so that generating the next token costs one row. UNSAFE memory: rows are
// copied into buffers that grow by doubling, within bounds checked here.

import TensorCore

/// The cache of one document over all layers.
package final class KeyValueCaches {
  /// Keys and values `[capacity, keyValueHeads, headSize]`; rows from `length` on are undefined.
  private struct Layer {
    var keys: Tensor
    var values: Tensor
  }

  /// Nil until the first rows come.
  private var layers: [Layer?]
  /// Number of tokens in the cache.
  package private(set) var length = 0

  /// An empty cache for a decoder of this specification.
  package init(_ spec: DecoderSpec) {
    layers = Array(repeating: nil, count: spec.blocks.count)
  }

  /// Forgets all but the first `length` tokens.
  package func truncate(to length: Int) {
    precondition(0...self.length ~= length, "a cache of \(self.length) tokens can't be cut to \(length)")
    self.length = length
  }

  /// Stores the keys and values of new rows behind those of `length` tokens.
  ///
  /// - Parameters:
  ///   - keys: `[rows, keyValueHeads, headSize]`
  ///   - values: the same shape.
  /// - Returns: buffers that begin with all keys and values, and may be longer.
  func append(_ keys: Tensor, _ values: Tensor, layer: Int) -> (keys: Tensor, values: Tensor) {
    let needed = length + keys.shape[0]
    let stored: Layer
    if let known = layers[layer], known.keys.shape[0] >= needed {
      stored = known
    } else {
      let old = layers[layer] ?? Layer(keys: keys, values: values)
      let capacity = max(64, needed, 2 * length)
      stored = Layer(keys: grown(old.keys, to: capacity), values: grown(old.values, to: capacity))
      layers[layer] = stored
    }
    copy(keys, into: stored.keys)
    copy(values, into: stored.values)
    return (stored.keys, stored.values)
  }

  /// Counts the rows that every layer has stored.
  func advance(by rows: Int) { length += rows }

  private func grown(_ tensor: Tensor, to capacity: Int) -> Tensor {
    let larger = Tensor.uninitialized([capacity] + tensor.shape.dropFirst())
    let kept = length * tensor.shape.dropFirst().reduce(4, *)
    larger.withMutableBytes { target in
      tensor.withBytes { source in target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<kept]))
      }
    }
    return larger
  }

  /// Copies rows behind the first `length` ones.
  private func copy(_ rows: Tensor, into buffer: Tensor) {
    let start = length * rows.shape.dropFirst().reduce(4, *)
    buffer.withMutableBytes { target in
      rows.withBytes { source in
        UnsafeMutableRawBufferPointer(rebasing: target[start..<start + source.count]).copyMemory(from: source)
      }
    }
  }
}
