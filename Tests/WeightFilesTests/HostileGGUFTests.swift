// Each way in which a GGUF file can lie: one sentence that names the file and the place, and no crash.

import SafeIO
import TestSupport
import Testing
import WeightFiles

@Suite struct `Hostile GGUF files` {
  /// A file, and words that the complaint about it must hold.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let words: [String]

    init(_ name: String, _ bytes: [UInt8], _ words: String...) {
      testDescription = name
      self.bytes = bytes
      self.words = words
    }

    /// A file with one value, made by `add`, and room behind it.
    init(value name: String, _ words: String..., add: (inout CraftedGGUF) -> Void) {
      var file = CraftedGGUF(tensors: 0, values: 1)
      add(&file)
      testDescription = name
      bytes = file.bytes
      self.words = words
    }

    /// A file with one tensor and so many bytes of data.
    init(
      tensor name: String, named tensor: String = "t", _ dimensions: [UInt64], type: UInt32 = 0,
      offset: UInt64 = 0,
      data: Int = 256, _ words: String...
    ) {
      var file = CraftedGGUF(tensors: 1, values: 0)
      file.append(tensor: tensor, dimensions, type: type, offset: offset)
      file.appendData(data)
      testDescription = name
      bytes = file.bytes
      self.words = words
    }
  }

  static func aligned(_ alignment: UInt32) -> [UInt8] {
    var file = CraftedGGUF(tensors: 0, values: 1)
    file.append(key: "general.alignment", type: 4)
    file.append(alignment)
    return file.bytes
  }

  static func twoTensors(_ second: String, offset: UInt64) -> [UInt8] {
    var file = CraftedGGUF(tensors: 2, values: 0)
    file.append(tensor: "t", [16])
    file.append(tensor: second, [16], offset: offset)
    file.appendData(256)
    return file.bytes
  }

  static let cases: [Case] = [
    Case("an empty file", [], "ends at byte 0"),
    Case(
      "another file", CraftedGGUF(tensors: 0, values: 0, magic: "GGML").bytes, "does not begin with 'GGUF'"),
    Case("version 1", CraftedGGUF(version: 1, tensors: 0, values: 0).bytes, "version 1"),
    Case("version 4", CraftedGGUF(version: 4, tensors: 0, values: 0).bytes, "version 4", "2 or 3"),
    Case("a big-endian file", CraftedGGUF(version: 3 << 24, tensors: 0, values: 0).bytes, "big-endian"),
    Case("2^63 tensors", CraftedGGUF(tensors: 1 << 63, values: 0).bytes, "9223372036854775808 tensors"),
    Case(
      "2^63 values", CraftedGGUF(tensors: 0, values: 1 << 63).bytes, "9223372036854775808 metadata values"),
    Case("more values than the file holds", CraftedGGUF(tensors: 0, values: 5).bytes, "5 metadata values"),
    Case("an alignment of 0", aligned(0), "'general.alignment'", "is 0", "power of 2"),
    Case("an alignment of 3", aligned(3), "is 3", "power of 2"),
    Case("an alignment of 2^31", aligned(1 << 31), "is 2147483648", "power of 2"),
    Case(value: "an alignment that is text", "'general.alignment'", "u32", "string") {
      $0.append(key: "general.alignment", type: 8)
      $0.append("32")
    },
    Case(value: "a key of 2^63 bytes", "key of metadata value 0", "9223372036854775808") {
      $0.append("k", statedLength: 1 << 63)
      $0.append(UInt64(0))
    },
    Case(value: "a key past the end", "1000 bytes", "are left") {
      $0.append("k", statedLength: 1000)
      $0.append(UInt64(0))
    },
    Case(value: "an empty key", "is empty") {
      $0.append(key: "", type: 4)
      $0.append(UInt32(0))
    },
    Case(value: "a text past the end", "'k'", "4294967296 bytes") {
      $0.append(key: "k", type: 8)
      $0.append("text", statedLength: 1 << 32)
    },
    Case(value: "an unknown type", "'k'", "type 13") {
      $0.append(key: "k", type: 13)
      $0.append(UInt64(0))
    },
    Case(value: "a boolean of 2", "the boolean 2") {
      $0.append(key: "k", type: 7)
      $0.append(UInt8(2))
    },
    Case(value: "a text that is not UTF-8", "not UTF-8") {
      $0.append(key: "k", type: 8)
      $0.append(UInt64(1))
      $0.append(UInt8(0xff))
    },
    Case(value: "an array of 2^63 bytes", "9223372036854775808 elements") {
      $0.append(key: "k", type: 9)
      $0.append(UInt32(0))
      $0.append(UInt64(1) << 63)
    },
    Case(value: "an array of 2^61 numbers of 8 bytes", "2305843009213693952 elements") {
      $0.append(key: "k", type: 9)
      $0.append(UInt32(10))
      $0.append(UInt64(1) << 61)
    },
    Case(value: "an array of more texts than the file can hold", "elements") {
      $0.append(key: "k", type: 9)
      $0.append(UInt32(8))
      $0.append(UInt64(100))
    },
    Case(value: "arrays in arrays in arrays", "nests arrays deeper") {
      $0.append(key: "k", type: 9)
      for _ in 0..<100 {
        $0.append(UInt32(9))
        $0.append(UInt64(1))
      }
    },
    Case(
      "the same key twice",
      {
        var file = CraftedGGUF(tensors: 0, values: 2)
        for _ in 0..<2 {
          file.append(key: "k", type: 4)
          file.append(UInt32(0))
        }
        return file.bytes
      }(), "'k' stands twice"),
    Case("the same tensor twice", twoTensors("t", offset: 64), "'t' stands twice"),
    Case("a tensor in another", twoTensors("u", offset: 32), "'u'", "inside the tensor 't'"),
    Case(tensor: "a name that is a path", named: "../../t", [16], "'../../t'", "slashes"),
    Case(tensor: "a name with a backslash", named: "..\\t", [16], "slashes"),
    Case(tensor: "an empty name", named: "", [16], "expected 1 to 255"),
    Case(tensor: "a name with a line break", named: "t\nu", [16], "control characters"),
    Case(
      tensor: "a name of 256 characters", named: String(repeating: "t", count: 256), [16],
      "expected 1 to 255"),
    Case(tensor: "no dimensions", [], "0 dimensions"),
    Case(tensor: "five dimensions", [1, 1, 1, 1, 1], "5 dimensions"),
    Case(tensor: "a dimension of 0", [0], "zero or too large"),
    Case(tensor: "a dimension of 2^63", [1 << 63], "zero or too large"),
    Case(tensor: "a product that overflows", [1 << 32, 1 << 32], "zero or too large"),
    Case(tensor: "an unknown type", [16], type: 99, "number 99"),
    Case(tensor: "a type that is not read", [256], type: 16, "IQ2_XXS", "known: F32"),
    Case(tensor: "rows of half a block", [48], type: 2, "rows of 48", "blocks of 32"),
    Case(tensor: "an offset between alignments", [8], offset: 8, "byte 8", "alignment 32"),
    Case(tensor: "an offset past the end", [8], offset: 1 << 40, "past the end"),
    Case(tensor: "an offset of 2^63", [8], offset: 1 << 63, "past the end"),
    Case(tensor: "data past the end", [65], "260 bytes", "past the end"),
  ]

  @Test(arguments: cases) func `a file that lies is refused in a sentence`(_ hostile: Case) throws {
    let failure = try #require(try CraftedGGUF.complaint(hostile.bytes))
    #expect(failure.kind == .badData)
    #expect(failure.message.contains("model.gguf"))
    for word in hostile.words { #expect(failure.message.contains(word), "\(failure.message)") }
  }

  @Test func `a file that ends anywhere is refused`() throws {
    let scratch = try Scratch()
    #expect(try CraftedGGUF.complaint(CraftedGGUF.sound, in: scratch) == nil)
    for length in 0..<CraftedGGUF.sound.count {
      let failure = try CraftedGGUF.complaint(Array(CraftedGGUF.sound.prefix(length)), in: scratch)
      #expect(failure?.kind == .badData, "the first \(length) bytes are read")
    }
  }

  @Test func `no bit of the header can be turned into a crash`() throws {
    let scratch = try Scratch()
    for place in 0..<CraftedGGUF.sound.count - 140 {
      for bit in [0, 3, 7] {
        var bytes = CraftedGGUF.sound
        bytes[place] ^= 1 << bit
        // Most are refused; a letter of a name may well be another.
        if let failure = try CraftedGGUF.complaint(bytes, in: scratch) { #expect(failure.kind == .badData) }
      }
    }
  }
}
