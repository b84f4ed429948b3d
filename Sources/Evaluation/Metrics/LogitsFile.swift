// A model's logits for given tokens as a file, so that other programs can compare them.

import Models
import SafeIO
import TensorCore
import WeightFiles

/// Token ids from a JSON file: one list, or several of equal length.
package enum TokenLists: Sendable, Equatable {
  case one([Int32])
  case batch([[Int32]])

  /// - Throws: `Failure.badData` for anything but an array of ids or an array of such arrays of equal length.
  package init(_ json: JSON, source: String) throws(Failure) {
    guard let elements = json.arrayValue, let first = elements.first else {
      throw .badData(source, "expected an array of token ids, or an array of such arrays")
    }
    guard first.arrayValue != nil else {
      self = .one(try Self.ids(json, source: source))
      return
    }
    var lists: [[Int32]] = []
    for (index, element) in elements.enumerated() {
      lists.append(try Self.ids(element, source: "\(source): list \(index)"))
    }
    guard lists.allSatisfy({ $0.count == lists[0].count }) else {
      throw .badData(source, "the lists of token ids have different lengths")
    }
    self = .batch(lists)
  }

  package var lists: [[Int32]] {
    switch self {
    case .one(let ids): [ids]
    case .batch(let lists): lists
    }
  }

  /// The shape of their logits.
  package func shape(vocabulary: Int) -> [Int] {
    switch self {
    case .one(let ids): [ids.count, vocabulary]
    case .batch(let lists): [lists.count, lists[0].count, vocabulary]
    }
  }

  private static func ids(_ json: JSON, source: String) throws(Failure) -> [Int32] {
    guard let elements = json.arrayValue, !elements.isEmpty else {
      throw .badData(source, "expected an array of token ids")
    }
    var ids: [Int32] = []
    for (index, element) in elements.enumerated() {
      guard case .integer(let number) = element, let id = Int32(exactly: number) else {
        throw .badData(source, "element \(index) is \(element.text().prefix(40)), expected a token id")
      }
      ids.append(id)
    }
    return ids
  }
}

/// Writes logits.
package enum LogitsFile {
  /// About how many logits are held at a time.
  private static let logitsAtATime = 4 << 20

  /// Runs each list through the model from the start and writes `logits`, f32 `[tokens, vocabulary]` or
  /// `[batch, tokens, vocabulary]`, as safetensors.
  ///
  /// - Parameter source: where the tokens come from, for errors.
  /// - Returns: the shape.
  /// - Throws: `Failure`: tokens that the model can't read, a file that can't be written, an interruption.
  @discardableResult
  package static func write(
    _ decoder: Decoder, _ tokens: TokenLists, source: String, to path: String
  ) throws(Failure) -> [Int] {
    for ids in tokens.lists { try decoder.check(ids, place: source) }
    let shape = tokens.shape(vocabulary: decoder.spec.vocabularySize)
    let writer = try SafetensorsWriter(
      path: path, entries: [TensorEntry(name: "logits", dtype: .f32, shape: shape)])
    let rows = max(1, logitsAtATime / decoder.spec.vocabularySize)
    for ids in tokens.lists {
      try Interruption.check()
      let hidden = withoutRecording { decoder.forward(TokenRows(documents: [ids])) }
      for first in stride(from: 0, to: ids.count, by: rows) {
        let logits = withoutRecording {
          decoder.logits(hidden.slice(axis: 0, start: first, end: min(first + rows, ids.count)))
        }
        defer { withExtendedLifetime(logits) {} }
        try writer.append("logits", bytes: logits.withBytes { $0 })
      }
    }
    try writer.finish()
    return shape
  }
}
