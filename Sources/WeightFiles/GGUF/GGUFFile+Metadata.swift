// Typed reading of GGUF's metadata. Each complaint names the file, the key, what was expected and what was found. Writers
// disagree about widths and signs of integers, so any integer will do where one is wanted.

import SafeIO

extension GGUFFile {
  /// Nil when the key is missing, as in all that follow.
  package func string(_ key: String) throws(Failure) -> String? {
    guard let value = header[key] else { return nil }
    guard case .string(let text) = value else { throw complaint(key, expected: "a string", value) }
    return text
  }

  package func integer(_ key: String) throws(Failure) -> Int? {
    guard let value = header[key] else { return nil }
    guard case .integer(let number, _) = value else { throw complaint(key, expected: "an integer", value) }
    return number
  }

  package func number(_ key: String) throws(Failure) -> Double? {
    guard let value = header[key] else { return nil }
    switch value {
    case .double(let number, _): return number
    case .integer(let number, _): return Double(number)
    default: throw complaint(key, expected: "a number", value)
    }
  }

  package func bool(_ key: String) throws(Failure) -> Bool? {
    guard let value = header[key] else { return nil }
    guard case .bool(let flag) = value else { throw complaint(key, expected: "a boolean", value) }
    return flag
  }

  package func strings(_ key: String) throws(Failure) -> [String]? {
    guard let array = try array(key, of: "strings", { $0 == .string }) else { return nil }
    var scanner = scanner(at: array)
    var strings: [String] = []
    strings.reserveCapacity(array.count)
    for number in 0..<array.count { strings.append(try scanner.string("'\(key)', element \(number),")) }
    return strings
  }

  package func integers(_ key: String) throws(Failure) -> [Int]? {
    let types: [GGUFValueType] = [.uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64]
    guard let array = try array(key, of: "integers", types.contains) else { return nil }
    var scanner = scanner(at: array)
    var numbers: [Int] = []
    numbers.reserveCapacity(array.count)
    for _ in 0..<array.count {
      switch array.type {
      case .uint8: numbers.append(Int(try scanner.number(UInt8.self, key)))
      case .int8: numbers.append(Int(try scanner.number(Int8.self, key)))
      case .uint16: numbers.append(Int(try scanner.number(UInt16.self, key)))
      case .int16: numbers.append(Int(try scanner.number(Int16.self, key)))
      case .uint32: numbers.append(Int(try scanner.number(UInt32.self, key)))
      case .int32: numbers.append(Int(try scanner.number(Int32.self, key)))
      default:
        let number = try scanner.number(Int64.self, key)
        guard array.type == .int64 || number >= 0 else {
          throw .badData("\(path): key '\(key)'", "holds \(UInt64(bitPattern: number)), which is too large")
        }
        numbers.append(Int(number))
      }
    }
    return numbers
  }

  package func floats(_ key: String) throws(Failure) -> [Float]? {
    guard let array = try array(key, of: "f32", { $0 == .float32 }) else { return nil }
    var scanner = scanner(at: array)
    var numbers: [Float] = []
    numbers.reserveCapacity(array.count)
    for _ in 0..<array.count { numbers.append(Float(bitPattern: try scanner.number(UInt32.self, key))) }
    return numbers
  }

  package func booleans(_ key: String) throws(Failure) -> [Bool]? {
    guard let array = try array(key, of: "booleans", { $0 == .bool }) else { return nil }
    var scanner = scanner(at: array)
    var flags: [Bool] = []
    for _ in 0..<array.count { flags.append(try scanner.number(UInt8.self, key) != 0) }
    return flags
  }

  /// The keys that begin so, as they would be written again.
  ///
  /// - Throws: `Failure.badData` for arrays of types that no model has.
  package func fields(prefix: String) throws(Failure) -> [(key: String, value: GGUFField)] {
    var fields: [(key: String, value: GGUFField)] = []
    for (key, value) in header.metadata where key.hasPrefix(prefix) {
      switch value {
      case .integer(let number, _):
        fields.append((key, number < 0 ? .int32(Int32(clamping: number)) : .uint32(number)))
      case .double(let number, _): fields.append((key, .float32(Float(number))))
      case .bool(let flag): fields.append((key, .bool(flag)))
      case .string(let text): fields.append((key, .string(text)))
      case .hugeInteger: throw complaint(key, expected: "a smaller number", value)
      case .array(let array):
        switch array.type {
        case .string: fields.append((key, .strings(try strings(key) ?? [])))
        case .float32: fields.append((key, .float32s(try floats(key) ?? [])))
        case .bool: fields.append((key, .bools(try booleans(key) ?? [])))
        case .uint8, .int8:
          fields.append((key, .uint8s((try integers(key) ?? []).map { UInt8(truncatingIfNeeded: $0) })))
        default: fields.append((key, .int32s((try integers(key) ?? []).map { Int32(clamping: $0) })))
        }
      }
    }
    return fields
  }

  private func array(_ key: String, of what: String, _ isExpected: (GGUFValueType) -> Bool) throws(Failure)
    -> GGUFArray?
  {
    guard let value = header[key] else { return nil }
    guard case .array(let array) = value, isExpected(array.type) else {
      throw complaint(key, expected: "an array of \(what)", value)
    }
    return array
  }

  private func complaint(_ key: String, expected: String, _ value: GGUFValue) -> Failure {
    .badData("\(path): key '\(key)'", "expected \(expected), found \(value.kindName)")
  }
}
