// Making the encodings of a batch equally long: `padding` of tokenizer.json, as the `tokenizers` library applies it
// (utils/padding.rs). Models of this project never need it, since their batches are rows one after the other; what is
// tokenized for other programs does.

import SafeIO

/// How the encodings of a batch are made equally long.
package struct Padding: Sendable {
  private let token: String
  private let id: Int32
  private let typeID: Int32
  private let isLeft: Bool
  /// The length of all encodings, nil for that of the longest.
  private let fixedLength: Int?
  /// The length is rounded up to a multiple of this; 0 for any.
  private let multiple: Int

  /// Longer encodings are not made by padding.
  private static let maximumLength = 1 << 22

  /// To the longest, with a token.
  init(token: String, id: Int32, isLeft: Bool) {
    self.token = token
    self.id = id
    self.isLeft = isLeft
    typeID = 0
    fixedLength = nil
    multiple = 0
  }

  /// Reads `padding` of tokenizer.json.
  /// - Throws: `Failure.badData` with the key that is wrong.
  init(_ fields: Fields) throws(Failure) {
    token = try fields.string("pad_token", default: "[PAD]")
    id = try Self.id(fields, "pad_id")
    typeID = try Self.id(fields, "pad_type_id")
    switch try fields.string("direction", default: "Right") {
    case "Right": isLeft = false
    case "Left": isLeft = true
    case let other: throw fields.complaint("direction", "expected Left or Right, found '\(other.prefix(20))'")
    }
    switch fields.object["strategy"] {
    case .string("BatchLongest")?: fixedLength = nil
    case .object(let object)?:
      fixedLength = try Self.length(
        Fields(.object(object), source: "\(fields.source): key 'strategy'"), "Fixed")
    default: throw fields.complaint("strategy", "expected BatchLongest or a 'Fixed' length")
    }
    multiple = try fields.has("pad_to_multiple_of") ? Self.length(fields, "pad_to_multiple_of") : 0
  }

  /// Lengthens encodings to the length of the longest, or to what the file says; longer ones stay as they are.
  package func pad(_ encodings: inout [Encoding]) {
    var length = fixedLength ?? encodings.map(\.count).max() ?? 0
    if multiple > 0, length % multiple > 0 { length += multiple - length % multiple }
    for index in encodings.indices { pad(&encodings[index], to: length) }
  }

  private func pad(_ encoding: inout Encoding, to length: Int) {
    let count = length - encoding.count
    guard count > 0 else { return }
    let place = isLeft ? 0 : encoding.count
    encoding.ids.insert(contentsOf: repeatElement(id, count: count), at: place)
    encoding.tokens.insert(contentsOf: repeatElement(token, count: count), at: place)
    encoding.offsets.insert(contentsOf: repeatElement(0..<0, count: count), at: place)
    encoding.typeIDs.insert(contentsOf: repeatElement(typeID, count: count), at: place)
    encoding.padding = place..<place + count
  }

  private static func id(_ fields: Fields, _ key: String) throws(Failure) -> Int32 {
    guard let id = Int32(exactly: try fields.int(key, default: 0)), id >= 0 else {
      throw fields.complaint(key, "is no id")
    }
    return id
  }

  private static func length(_ fields: Fields, _ key: String) throws(Failure) -> Int {
    let length = try fields.int(key)
    guard 0...maximumLength ~= length else {
      throw fields.complaint(key, "expected a length from 0 to \(maximumLength), found \(length)")
    }
    return length
  }
}
