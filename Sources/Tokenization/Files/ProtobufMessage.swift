// Reading protocol buffers (protobuf.dev/programming-guides/encoding) as far as SentencePiece's models need it. Lengths
// are checked against what is left before anything is read.

import SafeIO

/// One message, as the bytes that it stands in.
struct ProtobufMessage {
  /// A field's value as it stands on the wire.
  enum Value {
    case integer(UInt64)
    case fixed(UInt32)
    case bytes(ArraySlice<UInt8>)
    /// Eight bytes, which no field of ours has.
    case long
  }

  private var rest: ArraySlice<UInt8>
  let source: String

  /// - Parameter source: the file, for errors.
  init(_ bytes: ArraySlice<UInt8>, source: String) {
    rest = bytes
    self.source = source
  }

  /// Calls `body` with each field in the order in which they stand.
  /// - Throws: `Failure.badData` with the byte at which the message is malformed; what `body` throws.
  func forEachField(_ body: (_ number: Int, _ field: Field) throws(Failure) -> Void) throws(Failure) {
    var message = self
    while !message.rest.isEmpty {
      let start = message.rest.startIndex
      guard let key = message.varint(), key >> 3 > 0, key >> 3 < 1 << 29 else {
        throw .badData("\(source): byte \(start)", "expected the number of a field of a protocol buffer")
      }
      let number = Int(key >> 3)
      guard let value = message.value(kind: key & 7) else {
        throw .badData(
          "\(source): byte \(start)", "field \(number) of a protocol buffer is malformed or cut off")
      }
      try body(
        number, Field(value: value, place: "\(source): byte \(start): field \(number)", source: source))
    }
  }

  /// A value with its place.
  struct Field {
    let value: Value
    fileprivate let place: String
    fileprivate let source: String

    func bool() throws(Failure) -> Bool { try int() != 0 }

    func int() throws(Failure) -> Int {
      guard case .integer(let value) = value else { throw .badData(place, "expected an integer") }
      return Int(truncatingIfNeeded: value)
    }

    func float() throws(Failure) -> Float {
      guard case .fixed(let bits) = value else { throw .badData(place, "expected a 32-bit number") }
      return Float(bitPattern: bits)
    }

    func bytes() throws(Failure) -> ArraySlice<UInt8> {
      guard case .bytes(let bytes) = value else { throw .badData(place, "expected bytes") }
      return bytes
    }

    func string() throws(Failure) -> String {
      guard let text = String(validating: try bytes(), as: UTF8.self) else {
        throw .badData(place, "expected a text in UTF-8")
      }
      return text
    }

    func message() throws(Failure) -> ProtobufMessage { ProtobufMessage(try bytes(), source: source) }
  }

  private mutating func value(kind: UInt64) -> Value? {
    switch kind {
    case 0: return varint().map { .integer($0) }
    case 1: return take(8).map { _ in .long }
    case 2:
      guard let length = varint(), length <= UInt64(rest.count) else { return nil }
      return take(Int(length)).map { .bytes($0) }
    case 5: return take(4).map { .fixed($0.reversed().reduce(0) { $0 << 8 | UInt32($1) }) }
    default: return nil
    }
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  private mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }
}
