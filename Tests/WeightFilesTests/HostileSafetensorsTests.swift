// Each way in which a safetensors file can lie: one sentence that names the file and the place, and no crash.

import SafeIO
import TestSupport
import Testing
import WeightFiles

@Suite struct HostileSafetensorsTests {
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

    /// A file with this header and four bytes of data.
    init(_ name: String, header: String, _ words: String...) {
      testDescription = name
      bytes = Crafted.safetensors(header, data: [1, 2, 3, 4])
      self.words = words
    }
  }

  static let cases: [Case] = [
    Case("an empty file", [], "0 bytes"),
    Case("seven bytes", [1, 0, 0, 0, 0, 0, 0], "7 bytes"),
    Case("a header of length 0", Crafted.safetensors("", statedLength: 0), "header of 0 bytes"),
    Case("a header of 2^63 bytes", Crafted.safetensors("{}", statedLength: 1 << 63), "9223372036854775808"),
    Case("a header over the limit", Crafted.safetensors("{}", statedLength: 100_000_001), "100000001"),
    Case("a header past the end", Crafted.safetensors("{}", statedLength: 3), "byte 11", "(10)"),
    Case("text that is no object", Crafted.safetensors("[]"), "expected '{'"),
    Case("a space before the object", Crafted.safetensors(" {}"), "expected '{'"),
    Case("a byte order mark", Crafted.safetensors("\u{feff}{}"), "expected '{'"),
    Case("text after the object", Crafted.safetensors("{} {}"), "header byte 3", "expected the end"),
    Case("an object that does not end", Crafted.safetensors("{\"a\":{"), "the end of the header"),
    Case("a string that does not end", Crafted.safetensors("{\"a"), "does not end"),
    Case("a string that ends in a backslash", Crafted.safetensors("{\"a\\"), "does not end"),
    Case("a name that is not UTF-8", [5, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22, 0xff, 0x22, 0x7d], "not UTF-8"),
    Case(
      "NUL in a name", header: "{\(Crafted.tensor("a\\u0000b", 0...4))}", "control character"),
    Case(
      "the same tensor twice",
      Crafted.safetensors(
        "{\(Crafted.tensor("a", 0...4)),\(Crafted.tensor("a", 4...8))}", data: [UInt8](repeating: 0, count: 8)
      ),
      "'a' stands twice"),
    Case(
      "the same member twice", header: "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F16\"}}", "tensor 'a'",
      "'dtype' twice"),
    Case("an unknown member", header: "{\"a\":{\"stride\":[1]}}", "unknown member 'stride'"),
    Case("a missing member", header: "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", "data_offsets"),
    Case("a tensor that is no object", header: "{\"a\":3}", "expected '{', found '3'"),
    Case("an unknown dtype", header: "{\(Crafted.tensor("a", "F33", "[1]", 0...4))}", "'F33'", "known: BOOL"),
    Case("a dtype in lower case", header: "{\(Crafted.tensor("a", "f32", "[1]", 0...4))}", "'f32'"),
    Case(
      "a shape that does not fit the offsets", header: "{\(Crafted.tensor("a", "F32", "[2]", 0...4))}",
      "8 bytes"),
    Case(
      "a shape whose product overflows",
      header: "{\(Crafted.tensor("a", "F32", "[4611686018427387904,4]", 0...4))}", "too large"),
    Case(
      "an overflow hidden behind a zero",
      header: "{\(Crafted.tensor("a", "F32", "[4611686018427387904,4,0]", 0...0))}", "too large"),
    Case(
      "nine dimensions", header: "{\(Crafted.tensor("a", "F32", "[1,1,1,1,1,1,1,1,1]", 0...4))}", "at most 8"),
    Case(
      "three offsets", header: "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}",
      "at most 2"),
    Case(
      "a negative dimension", header: "{\(Crafted.tensor("a", "F32", "[-1]", 0...4))}", "integer of 0 or more"
    ),
    Case(
      "a negative offset", header: "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}",
      "integer of 0 or more"),
    Case(
      "a fractional offset", header: "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4.0]}}",
      "integer of 0 or more"),
    Case(
      "an exponent", header: "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4e0]}}",
      "integer of 0 or more"),
    Case(
      "a leading zero", header: "{\"a\":{\"dtype\":\"F32\",\"shape\":[01],\"data_offsets\":[0,4]}}",
      "integer of 0 or more"),
    Case(
      "an offset of 2^64",
      header: "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,18446744073709551616]}}",
      "63 bits"),
    Case(
      "offsets at the end of all numbers",
      header: "{\(Crafted.tensor("a", 9_223_372_036_854_775_803...9_223_372_036_854_775_807))}",
      "past any file"),
    Case(
      "one offset", header: "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", "begin ≤ end"),
    Case(
      "offsets in the wrong order",
      header: "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}",
      "begin ≤ end"),
    Case(
      "a tensor past the end of the file", header: "{\(Crafted.tensor("a", "F32", "[2]", 0...8))}",
      "tensor 'a'",
      "past the end of the file"),
    Case(
      "bytes after the last tensor", header: "{\(Crafted.tensor("a", "U8", "[3]", 0...3))}", "1 bytes follow",
      "'a'"),
    Case("data without a tensor", header: "{}", "4 bytes follow the header"),
    Case(
      "a hole before the first tensor", header: "{\(Crafted.tensor("a", "U8", "[3]", 1...4))}", "no tensor"),
    Case(
      "a hole between tensors",
      header: "{\(Crafted.tensor("a", "U8", "[1]", 0...1)),\(Crafted.tensor("b", "U8", "[2]", 2...4))}",
      "between the tensor 'a' and the tensor 'b'"),
    Case(
      "tensors that overlap",
      header: "{\(Crafted.tensor("a", "U8", "[3]", 0...3)),\(Crafted.tensor("b", "U8", "[2]", 2...4))}",
      "tensor 'b'", "inside the tensor 'a'"),
    Case(
      "two tensors on the same bytes",
      header: "{\(Crafted.tensor("a", 0...4)),\(Crafted.tensor("b", 0...4))}", "inside the tensor 'a'"),
    Case("nested metadata", Crafted.safetensors("{\"__metadata__\":{\"a\":{}}}"), "expected a string"),
    Case("metadata with a number", Crafted.safetensors("{\"__metadata__\":{\"a\":1}}"), "expected a string"),
    Case("metadata that is text", Crafted.safetensors("{\"__metadata__\":\"a\"}"), "expected '{'"),
    Case("metadata twice", Crafted.safetensors("{\"__metadata__\":{},\"__metadata__\":{}}"), "stands twice"),
    Case(
      "a metadata key twice", Crafted.safetensors("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}"),
      "stands twice"),
    Case("half of a surrogate pair", Crafted.safetensors("{\"\\ud800\":1}"), "surrogate"),
  ]

  @Test(arguments: cases)
  func `a lying file is refused with a sentence that names file and place`(_ case: Case) throws {
    let failure = try #require(try Crafted.complaint(`case`.bytes))
    #expect(failure.kind == .badData)
    #expect(failure.message.contains("model.safetensors"))
    for word in `case`.words { #expect(failure.message.contains(word), "\(failure.message)") }
  }

  @Test func `a complaint quotes only the beginning of what the file made long`() throws {
    let long = String(repeating: "9", count: 100_000)
    let numbers = Array(repeating: "0", count: 100_000).joined(separator: ",")
    let headers = [
      "{\(Crafted.tensor("a", long, "[1]", 0...4))}", "{\(Crafted.tensor(long, "F32", "[2]", 0...4))}",
      "{\(Crafted.tensor("a", "F32", "[\(numbers)]", 0...4))}", "{\"a\":{\"\(long)\":0}}",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[\(numbers)]}}",
      "{\(Crafted.tensor(long, 0...4)),\(Crafted.tensor(long, 4...8))}", "{\(Crafted.tensor(long, 0...4))}",
    ]
    for header in headers {
      let failure = try #require(try Crafted.complaint(Crafted.safetensors(header)))
      #expect(failure.message.utf8.count < 2000)
    }
  }

  @Test func `a file that is cut anywhere is refused`() throws {
    let header =
      "{\"__metadata__\":{\"format\":\"pt\"},\(Crafted.tensor("a", 0...4)),\(Crafted.tensor("b", 4...8))}"
    let whole = Crafted.safetensors(header, data: [UInt8](repeating: 7, count: 8))
    #expect(try Crafted.complaint(whole) == nil)
    let scratch = try Scratch()
    for length in 0..<whole.count {
      let failure = try Crafted.complaint([UInt8](whole[..<length]), in: scratch)
      #expect(failure?.kind == .badData, "cut to \(length) bytes")
    }
  }

  @Test func `a flipped bit in the header never crashes`() throws {
    let header =
      "{\(Crafted.tensor("a", "BF16", "[2,2]", 0...8)),\(Crafted.tensor("b\\n", "I8", "[8]", 8...16))}"
    let whole = Crafted.safetensors(header, data: [UInt8](repeating: 7, count: 16))
    let scratch = try Scratch()
    for position in 0..<8 + header.utf8.count {
      for bit in 0..<8 {
        var flipped = whole
        flipped[position] ^= 1 << UInt8(bit)
        _ = try Crafted.complaint(flipped, in: scratch)
      }
    }
  }

  @Test func `a folder in the place of a file is refused`() throws {
    let scratch = try Scratch()
    try Files.makeDirectory(scratch.path + "/model.safetensors")
    #expect(throws: Failure.self) { try SafetensorsFile(path: scratch.path + "/model.safetensors") }
  }

  @Test func `a missing file is not found`() throws {
    let failure = #expect(throws: Failure.self) { try SafetensorsFile(path: "/nowhere/model.safetensors") }
    #expect(failure?.kind == .notFound)
  }
}
