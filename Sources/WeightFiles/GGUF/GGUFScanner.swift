// Reads the little-endian numbers, strings and arrays of a GGUF header. Unsafe memory: walks a buffer it was lent, every
// access behind a bounds check.

import SafeIO

struct GGUFScanner {
  /// More than any vocabulary has.
  static let mostStrings = 1 << 24
  static let mostNestedArrays = 8

  let bytes: UnsafeRawBufferPointer
  let path: String
  var position: Int

  init(_ bytes: UnsafeRawBufferPointer, path: String, at position: Int = 0) {
    self.bytes = bytes
    self.path = path
    self.position = position
  }

  mutating func number<Number: FixedWidthInteger>(_ type: Number.Type, _ what: @autoclosure () -> String)
    throws(Failure) -> Number
  {
    let size = MemoryLayout<Number>.size
    guard size <= bytes.count - position else { throw truncated(what()) }
    defer { position += size }
    return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Number.self))
  }

  /// The bytes of a string behind its length.
  mutating func stringBytes(_ what: @autoclosure () -> String) throws(Failure) -> UnsafeRawBufferPointer {
    let length = try number(UInt64.self, what())
    guard length <= UInt64(bytes.count - position) else {
      throw error(
        "\(what()) states a length of \(length) bytes, but \(bytes.count - position) are left of the file")
    }
    defer { position += Int(length) }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(length)])
  }

  mutating func string(_ what: @autoclosure () -> String) throws(Failure) -> String {
    let content = try stringBytes(what())
    guard let text = String(validating: content, as: UTF8.self) else {
      throw error("\(what()) is not UTF-8")
    }
    return text
  }

  /// A value of the type whose number stands before it.
  mutating func value(of key: String) throws(Failure) -> GGUFValue {
    let what = "the value of '\(key.excerpt)'"
    let type = try valueType(what)
    switch type {
    case .uint8: return .integer(Int(try number(UInt8.self, what)), type)
    case .int8: return .integer(Int(try number(Int8.self, what)), type)
    case .uint16: return .integer(Int(try number(UInt16.self, what)), type)
    case .int16: return .integer(Int(try number(Int16.self, what)), type)
    case .uint32: return .integer(Int(try number(UInt32.self, what)), type)
    case .int32: return .integer(Int(try number(Int32.self, what)), type)
    case .int64: return .integer(Int(try number(Int64.self, what)), type)
    case .uint64:
      let value = try number(UInt64.self, what)
      return Int(exactly: value).map { .integer($0, type) } ?? .hugeInteger(value)
    case .float32: return .double(Double(Float(bitPattern: try number(UInt32.self, what))), type)
    case .float64: return .double(Double(bitPattern: try number(UInt64.self, what)), type)
    case .bool:
      let byte = try number(UInt8.self, what)
      guard byte <= 1 else { throw error("\(what) is the boolean \(byte), expected 0 or 1") }
      return .bool(byte == 1)
    case .string: return .string(try string(what))
    case .array: return .array(try array(what, depth: 1))
    }
  }

  private mutating func valueType(_ what: String) throws(Failure) -> GGUFValueType {
    let code = try number(UInt32.self, what)
    guard let type = GGUFValueType(rawValue: code) else {
      throw error("\(what) has the type \(code), expected 0 to 12")
    }
    return type
  }

  /// Walks over an array without keeping its elements.
  private mutating func array(_ what: String, depth: Int) throws(Failure) -> GGUFArray {
    guard depth <= Self.mostNestedArrays else {
      throw error("\(what) nests arrays deeper than \(Self.mostNestedArrays)")
    }
    let type = try valueType(what)
    let stated = try number(UInt64.self, what)
    let left = UInt64(bytes.count - position)
    // An element has at least as many bytes as a string or an array has before its content.
    guard stated <= left / UInt64(type.size ?? (type == .string ? 8 : 12)) else {
      throw error(
        "\(what) states \(stated) elements, more than the \(left) bytes that are left of the file can hold")
    }
    let array = GGUFArray(type: type, count: Int(stated), start: position)
    if let size = type.size {
      position += array.count * size
      return array
    }
    guard array.count <= Self.mostStrings else {
      throw error("\(what) states \(stated) elements, expected at most \(Self.mostStrings)")
    }
    for _ in 0..<array.count {
      if type == .string { _ = try stringBytes(what) } else { _ = try self.array(what, depth: depth + 1) }
    }
    return array
  }

  private func truncated(_ what: String) -> Failure {
    .badData(path, "ends at byte \(bytes.count), inside \(what); download it again")
  }

  func error(_ problem: String) -> Failure { .badData("\(path): byte \(position)", problem) }
}
