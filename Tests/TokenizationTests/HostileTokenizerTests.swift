// Files that are broken, lie, or want too much: always one sentence, never a crash.

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
      ("normalizer", ["type": "Precompiled"], "the normalizer 'Precompiled' is not supported; supported: "),
      ("pre_tokenizer", ["type": "UnicodeScripts"], "the pre-tokenizer 'UnicodeScripts' is not supported"),
      ("decoder", ["type": "CTC"], "the decoder 'CTC' is not supported"),
      ("post_processor", ["type": "Other"], "the post-processor 'Other' is not supported"),
      ("model", ["type": "WordLevel"], "the model 'WordLevel' is not supported"),
      (
        "decoder", ["type": "Replace", "pattern": ["Regex": "a"], "content": ""],
        "a regular expression in a decoder is not supported"
      ),
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
}
