// Files that are broken, lie, or want too much: always one sentence, never a crash.

import Foundation
import SafeIO
import TestSupport
import Testing
import Tokenization

@Suite struct HostileTokenizerTests {
  private static let small: JSON = [
    "version": "1.0", "truncation": ["max_length": 1], "padding": ["strategy": "BatchLongest"],
    "added_tokens": [["id": 2, "content": "<s>", "special": true, "lstrip": false, "normalized": true]],
    "normalizer": [
      "type": "Sequence",
      "normalizers": [
        ["type": "NFC"], ["type": "Replace", "pattern": ["Regex": " +"], "content": "_"],
        ["type": "Strip", "strip_left": true, "strip_right": false],
      ],
    ],
    "pre_tokenizer": [
      "type": "Sequence",
      "pretokenizers": [
        ["type": "Split", "pattern": ["Regex": "\\w+|\\s"], "behavior": "Isolated", "invert": false],
        ["type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": true],
        ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true],
      ],
    ],
    "post_processor": [
      "type": "TemplateProcessing",
      "single": [["SpecialToken": ["id": "<s>", "type_id": 0]], ["Sequence": ["id": "A", "type_id": 0]]],
      "pair": [["Sequence": ["id": "A", "type_id": 0]], ["Sequence": ["id": "B", "type_id": 1]]],
      "special_tokens": ["<s>": ["id": "<s>", "ids": [2], "tokens": ["<s>"]]],
    ],
    "decoder": [
      "type": "Sequence",
      "decoders": [
        ["type": "Replace", "pattern": ["String": "▁"], "content": " "], ["type": "ByteFallback"],
        ["type": "Strip", "content": " ", "start": 1, "stop": 0], ["type": "Fuse"],
      ],
    ],
    "model": [
      "type": "BPE", "vocab": ["a": 0, "b": 1, "ab": 5], "merges": [["a", "b"]], "unk_token": "a",
      "byte_fallback": true, "fuse_unk": false, "ignore_merges": false, "dropout": nil,
    ],
  ]

  /// Uses a tokenizer in every way; failing is fine, crashing is not.
  private func exercise(_ json: JSON) throws(Failure) {
    let tokenizer = try Tokenizer(json: json, source: "t")
    for text in ["", "ab <s> é😀\u{301}", "  ab\n"] {
      let ids = try tokenizer.encode(text, pair: text).ids
      _ = tokenizer.decode(ids + [-1, 3, .max], skipSpecialTokens: true)
    }
    for id: Int32 in -1...7 { _ = tokenizer.bytes(of: id) }
  }

  @Test func `every truncation of a file is refused`() throws {
    let text = Self.small.text()
    #expect(throws: Never.self) { try exercise(Self.small) }
    for length in stride(from: 0, to: text.utf8.count, by: 1) {
      let cut = Array(text.utf8.prefix(length))
      #expect(throws: Failure.self) { try exercise(JSON.parse(cut, source: "t")) }
    }
  }

  @Test func `every value may be of any other kind`() throws {
    let strange: [JSON] = [
      nil, true, -1, 9e18, "x", "", [], [[]], [:], ["type": "x"], .string("\u{0}<0x41>"),
    ]
    for path in paths(of: Self.small) {
      for value in strange {
        do throws(Failure) { try exercise(replacing(path[...], in: Self.small, with: value)) } catch {
          #expect(error.kind == .badData)
          #expect(error.message.hasPrefix("t: ") || error.message.hasPrefix("tokenizer.json: "), "\(error)")
          #expect(!error.message.contains("\n"))
        }
      }
    }
  }

  /// The paths of all values in a value.
  private func paths(of json: JSON) -> [[String]] {
    switch json {
    case .object(let object): object.flatMap { key, value in [[key]] + paths(of: value).map { [key] + $0 } }
    case .array(let elements):
      elements.enumerated().flatMap { index, value in
        [["\(index)"]] + paths(of: value).map { ["\(index)"] + $0 }
      }
    default: []
    }
  }

  private func replacing(_ path: ArraySlice<String>, in json: JSON, with value: JSON) -> JSON {
    guard let step = path.first else { return value }
    if var object = json.objectValue {
      object[step] = object[step].map { replacing(path.dropFirst(), in: $0, with: value) }
      return .object(object)
    }
    guard var elements = json.arrayValue, let index = Int(step) else { return json }
    elements[index] = replacing(path.dropFirst(), in: elements[index], with: value)
    return .array(elements)
  }

  @Test(
    arguments: [
      ("normalizer", ["type": "Other"], "the normalizer 'Other' is not supported; supported: "),
      ("pre_tokenizer", ["type": "Other"], "the pre-tokenizer 'Other' is not supported"),
      ("decoder", ["type": "Other"], "the decoder 'Other' is not supported"),
      ("post_processor", ["type": "Other"], "the post-processor 'Other' is not supported"),
      ("model", ["type": "Other"], "the model 'Other' is not supported"),
      ("pre_tokenizer", ["type": "FixedLength", "length": 0], "key 'length': must be larger than 0"),
      ("normalizer", ["type": "Precompiled", "precompiled_charsmap": "A"], "is not base64"),
      (
        "normalizer", ["type": "Precompiled", "precompiled_charsmap": "/////w=="],
        "says that its table is longer"
      ),
      ("model", ["type": "Unigram", "vocab": [["a", "b"]]], "entry 0 is no pair of a token and a score"),
      ("model", ["type": "Unigram", "vocab": [["a", -1]], "unk_id": 1], "key 'unk_id': 1 is no id"),
      (
        "model", ["type": "BPE", "vocab": ["a": 0], "scores": []],
        "must have a number for each of the 1 tokens"
      ),
      ("model", ["type": "BPE", "vocab": ["<s>": 0], "merges": []], "puts in the id 2, which no token has"),
      ("normalizer", ["kind": "NFC"], "key 'type': is missing"),
    ] as [(String, JSON, String)])
  func `a step that is not supported is named`(part: String, step: JSON, problem: String) throws {
    let json = replacing([part], in: Self.small, with: step)
    let failure = try #require(throws: Failure.self) { try exercise(json) }
    #expect(failure.message.contains(problem), "\(failure)")
  }

  @Test(
    arguments: [
      (["a": 0, "b": 0, "ab": 1], "the tokens 'a' and 'b' share the id 0"),
      (["a": 0, "b": -1, "ab": 1], "the token 'b' has the id -1, which is no id"),
      (["a": 0, "b": 2_000_000_000, "ab": 1], "the token 'b' has the id 2000000000, which is no id"),
      (["a": 0, "b": "1", "ab": 1], "which is no id"),
      (["a": 0, "ab": 1], "entry 0, [\"a\",\"b\"], needs a token that is not in the vocabulary"),
    ] as [(JSON, String)])
  func `a vocabulary that does not fit is refused`(vocabulary: JSON, problem: String) throws {
    let json = replacing(["model", "vocab"], in: Self.small, with: vocabulary)
    let failure = try #require(throws: Failure.self) { try exercise(json) }
    #expect(failure.message.contains(problem), "\(failure)")
  }

  @Test func `a token of ten megabytes and a text of as many are no problem`() throws {
    let long = String(repeating: "ab", count: 5 << 20)
    let json = replacing(["model", "vocab"], in: Self.small, with: ["a": 0, "b": 1, "ab": 5, long: 6])
    let tokenizer = try Tokenizer(json: json, source: "t")
    #expect(tokenizer.token(of: 6)?.utf8.count == 10 << 20)
    let one = try tokenizer.encode("ab", addSpecialTokens: false).ids.count
    #expect(try tokenizer.encode(long, addSpecialTokens: false).ids.count == one + (5 << 20) - 1)
  }

  @Test(
    arguments: [
      ["type": "Replace", "pattern": ["String": "a"], "content": "aa"],
      ["type": "Replace", "pattern": ["Regex": "a"], "content": "aa"],
      ["type": "Prepend", "prepend": .string(String(repeating: "a", count: 1 << 20))],
      ["type": "Replace", "pattern": ["String": "a"], "content": "é"],
    ] as [JSON])
  func `a chain of steps that each lengthen the text is refused`(step: JSON) throws {
    let steps = Array(repeating: step, count: 60) + Array(repeating: ["type": "ByteLevel"], count: 60)
    let json = replacing(["normalizer", "normalizers"], in: Self.small, with: .array(steps))
    let failure = try #require(throws: Failure.self) {
      try Tokenizer(json: json, source: "t").encode("banana")
    }
    #expect(
      failure.message
        == "tokenizer.json: its steps make a text more than 32 times as long as it was, which is refused")
  }

  @Test func `a string is looked for in repetitive text in linear time`() throws {
    let long = String(repeating: "a", count: 300_000)
    let step: JSON = ["type": "Replace", "pattern": ["String": .string(long + "b")], "content": "c"]
    #expect(try TinyTokenizer.normalizing(step).normalized(long + long + "b") == long + "c")
  }

  @Test func `invalid UTF-8 in the file is refused with its place`() throws {
    let scratch = try Scratch()
    let path = try scratch.write([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d], "tokenizer.json")
    let failure = try #require(throws: Failure.self) { try Tokenizer.load(directory: scratch.path) }
    #expect(failure.message.hasPrefix("\(path): line 1, column "))
  }

  // MARK: Models

  @Test func `a map of characters may hold anything`() throws {
    var generator = SystemRandomNumberGenerator()
    for round in 0..<300 {
      var map: [UInt8] = [64, 0, 0, 0] + (0..<96).map { _ in UInt8.random(in: 0...255, using: &generator) }
      // Leaves and loops, more often than chance would have them.
      if round % 2 == 0 { for index in stride(from: 5, to: 64, by: 4) { map[index] |= 1 } }
      for type in ["Precompiled", "SentencePiece"] {
        let step: JSON = ["type": .string(type), "precompiled_charsmap": .string(base64(map))]
        do throws(Failure) {
          let json = replacing(["normalizer"], in: Self.small, with: step)
          _ = try Tokenizer(json: json, source: "t").encode("ab aé\u{301}\u{0}\u{ff}zz")
        } catch { #expect(error.kind == .badData) }
      }
    }
  }

  private func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

  @Test func `a map whose texts are too long is refused`() throws {
    // One node that leads from every 'a' to a leaf whose text is all the rest.
    var units = [UInt32](repeating: 0, count: 512)
    units[0] = 1 << 10
    units[1 ^ 0x61] = 0x61 | 1 << 8 | 2 << 10
    units[1 ^ 0x61 ^ 2] = 0x8000_0000
    let table = units.flatMap { unit in (0..<4).map { UInt8(truncatingIfNeeded: unit >> UInt32($0 * 8)) } }
    let map = [0, 8, 0, 0] + table + Array(repeating: UInt8(ascii: "b"), count: 1 << 20)
    for type in ["Precompiled", "SentencePiece"] {
      let step: JSON = ["type": .string(type), "precompiled_charsmap": .string(base64(map))]
      let tokenizer = try TinyTokenizer.splitting(nil, normalizer: step)
      let failure = try #require(throws: Failure.self) {
        try tokenizer.encode(String(repeating: "a", count: 1000))
      }
      #expect(failure.message.contains("times as long as it was"), "\(type): \(failure)")
    }
  }

  @Test func `a token that is too long to look for is refused`() throws {
    let long = String(repeating: "a", count: 2000)
    for model: JSON in [
      ["type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], [.string(long), -1]]],
      ["type": "WordPiece", "vocab": ["[UNK]": 0, long: 1]],
      ["type": "BPE", "vocab": ["a": 0, long: 1], "scores": [0, 1]],
    ] {
      let failure = try #require(throws: Failure.self) { try TinyTokenizer.make(["model": model]) }
      #expect(failure.message.contains("has 2000 bytes, at most 1024 are supported"), "\(failure)")
    }
  }

  @Test(arguments: ["bpe", "unigram"])
  func `a SentencePiece model that is cut off is refused, or is a shorter one`(name: String) throws {
    let content = try Files.read(path: bundled("sentencepiece/\(name).model"))
    let scratch = try Scratch()
    for length in stride(from: 0, to: content.count, by: 37) {
      let path = try scratch.write(Array(content.prefix(length)), "tokenizer.model")
      do throws(Failure) { _ = try Tokenizer.load(directory: path).encode("a b") } catch {
        #expect(error.kind == .badData)
        #expect(!error.message.contains("\n"))
      }
    }
  }

  @Test(arguments: ["bpe", "unigram"])
  func `every byte of a SentencePiece model may be wrong`(name: String) throws {
    let content = try Files.read(path: bundled("sentencepiece/\(name).model"))
    let scratch = try Scratch()
    for index in stride(from: 0, to: content.count, by: 41) {
      for value: UInt8 in [0, 0x7f, 0x80, 0xff] {
        var wrong = content
        wrong[index] = value
        let path = try scratch.write(wrong, "tokenizer.model")
        do throws(Failure) {
          let tokenizer = try Tokenizer.load(directory: path)
          _ = tokenizer.decode(try tokenizer.encode("The café, ﬁ 12").ids, skipSpecialTokens: false)
        } catch { #expect([.badData, .notFound].contains(error.kind), "\(error)") }
      }
    }
  }

  @Test(arguments: [
    ("YQ== 0\nYg== 0\n", "line 2: the rank 0 stands there for the second time"),
    ("YQ== 0\nYg==\n", "line 2: expected the bytes of a token in base64 and its rank"),
    ("YQ== 0\nY 1\n", "line 2: expected the bytes of a token"),
    ("YQ== 0\nYg== 9223372036854775807\n", "line 2: the rank 9223372036854775807 is far beyond the 2 tokens"),
    ("YQ== 0\nYQ== 1\n", "the token 'a' has two ranks"),
    ("YQ== 0\nYg== 1\n", "neither its name nor its 2 ranks tell how texts are split"),
  ])
  func `ranks that do not fit are refused`(content: String, problem: String) throws {
    let scratch = try Scratch()
    let path = try scratch.write([UInt8](content.utf8), "some.tiktoken")
    let failure = try #require(throws: Failure.self) {
      try Tokenizer.load(directory: path, splitRule: problem.hasPrefix("neither") ? nil : "gpt2")
    }
    #expect(failure.kind == .badData && failure.message.contains(problem), "\(failure)")
  }

  @Test func `what is no tokenizer at all is said so`() throws {
    let scratch = try Scratch()
    let path = try scratch.write([0x89, 0x50, 0x4e, 0x47], "tokenizer.model")
    let failure = try #require(throws: Failure.self) { try Tokenizer.load(directory: path) }
    #expect(failure.message.hasPrefix("\(path): is no tokenizer"))
  }
}
