// A value of GGUF's metadata. Arrays stay where they are in the mapped file until someone asks for them: a vocabulary has
// hundreds of thousands of strings, and most commands want none of them.

import SafeIO

/// The types of metadata values, numbered as in the specification (ggml/docs/gguf.md, `gguf_metadata_value_type`).
package enum GGUFValueType: UInt32, Sendable {
  case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

  /// Bytes of a value; nil where that varies.
  var size: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .string, .array: nil
    }
  }

  package var name: String {
    switch self {
    case .uint8: "u8"
    case .int8: "i8"
    case .uint16: "u16"
    case .int16: "i16"
    case .uint32: "u32"
    case .int32: "i32"
    case .float32: "f32"
    case .bool: "bool"
    case .string: "string"
    case .array: "array"
    case .uint64: "u64"
    case .int64: "i64"
    case .float64: "f64"
    }
  }
}

/// A value as it stands in a file.
package enum GGUFValue: Sendable, Equatable {
  case integer(Int, GGUFValueType)
  /// An unsigned number that no `Int` holds.
  case hugeInteger(UInt64)
  case double(Double, GGUFValueType)
  case bool(Bool)
  case string(String)
  case array(GGUFArray)

  /// What kind of value it is, for errors.
  package var kindName: String {
    switch self {
    case .integer(_, let type), .double(_, let type): type.name
    case .hugeInteger: "u64"
    case .bool: "bool"
    case .string: "string"
    case .array(let array): "array of \(array.count) \(array.type.name)"
    }
  }
}

/// Where an array lies, checked to be whole.
package struct GGUFArray: Sendable, Equatable {
  package let type: GGUFValueType
  package let count: Int
  /// The first byte of the first element, counted from the start of the file.
  let start: Int
}
