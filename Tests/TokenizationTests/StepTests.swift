// Single steps, with results of the `tokenizers` library 0.23.3.

import SafeIO
import Testing
import Tokenization

@Suite struct StepTests {
  // MARK: Pre-tokenizers

  @Test(arguments: [
    ("Removed", ["the", "final", "countdown"]),
    ("Isolated", ["the", "-", "final", "-", "-", "countdown"]),
    ("MergedWithPrevious", ["the-", "final-", "-", "countdown"]),
    ("MergedWithNext", ["the", "-final", "-", "-countdown"]),
    ("Contiguous", ["the", "-", "final", "--", "countdown"]),
  ])
  func `a split keeps its delimiter as told`(behavior: String, words: [String]) throws {
    for pattern: JSON in [["String": "-"], ["Regex": "-"]] {
      let split: JSON = ["type": "Split", "pattern": pattern, "behavior": .string(behavior), "invert": false]
      #expect(try TinyTokenizer.splitting(split).words(of: "the-final--countdown") == words)
    }
  }

  @Test func `an inverted split keeps what matches`() throws {
    let split: JSON = [
      "type": "Split", "pattern": ["Regex": "[a-z]+"], "behavior": "Removed", "invert": true,
    ]
    #expect(
      try TinyTokenizer.splitting(split).words(of: "the-final--countdown") == ["the", "final", "countdown"])
  }

  @Test(
    arguments: [
      (["type": "WhitespaceSplit"], ["Hey,", "it's", "12½", "o’clock_!!"]),
      (["type": "Whitespace"], ["Hey", ",", "it", "'", "s", "12", "½", "o", "’", "clock_", "!!"]),
      (["type": "BertPreTokenizer"], ["Hey", ",", "it", "'", "s", "12½", "o", "’", "clock", "_", "!", "!"]),
      (["type": "Punctuation"], ["Hey", ",", " it", "'", "s 12½\u{a0}o", "’", "clock", "_", "!", "!"]),
      (["type": "Digits", "individual_digits": true], ["Hey, it's ", "1", "2", "½", "\u{a0}o’clock_!!"]),
      (["type": "Digits", "individual_digits": false], ["Hey, it's ", "12½", "\u{a0}o’clock_!!"]),
      (["type": "CharDelimiterSplit", "delimiter": " "], ["Hey,", "it's", "12½\u{a0}o’clock_!!"]),
      (
        ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true],
        ["Hey", ",", " it", "'s", " 12½", "\u{a0}", "o", "’", "clock", "_!!"]
      ),
    ] as [(JSON, [String])])
  func `pre-tokenizers split as the library does`(step: JSON, words: [String]) throws {
    #expect(try TinyTokenizer.splitting(step).words(of: "Hey, it's 12½\u{a0}o’clock_!!") == words)
  }

  @Test(arguments: [("always", [0, 3]), ("first", [0, 3]), ("never", [0, 3])])
  func `Metaspace splits before its mark`(scheme: String, starts: [Int]) throws {
    let step: JSON = [
      "type": "Metaspace", "replacement": "▁", "prepend_scheme": .string(scheme), "split": true,
    ]
    #expect(try TinyTokenizer.splitting(step).encode("Hey you").offsets.map(\.lowerBound) == starts)
  }

  // MARK: Normalizers

  @Test(
    arguments: [
      (["type": "NFC"], "é Å ¼", "é Å ¼"), (["type": "NFKC"], "ﬁ ¼ ２ ㋿", "fi 1⁄4 2 ㋿"),
      (["type": "NFD"], "é각", "e\u{301}\u{1100}\u{1161}\u{11a8}"),
      (["type": "Lowercase"], "ÀÉİ Σ", "àéi\u{307} σ"),
      (["type": "Strip", "strip_left": true, "strip_right": true], " \t a b\n", "a b"),
      (["type": "StripAccents"], "e\u{301}o\u{323}\u{307}", "eo"),
      (["type": "Prepend", "prepend": "▁"], "a b", "▁a b"), (["type": "Prepend", "prepend": "▁"], "", ""),
      (["type": "Replace", "pattern": ["Regex": " {2,}"], "content": "_"], "a  b c   ", "a_b c_"),
      (
        [
          "type": "Sequence",
          "normalizers": [
            ["type": "Prepend", "prepend": "▁"],
            ["type": "Replace", "pattern": ["String": " "], "content": "▁"],
          ],
        ], " a b", "▁▁a▁b"
      ),
    ] as [(JSON, String, String)])
  func `normalizers rewrite as the library does`(step: JSON, text: String, expected: String) throws {
    #expect(try TinyTokenizer.normalizing(step).normalized(text).isExactly(expected))
  }

  @Test func `tokens of rewritten text point into the original`() throws {
    let step: JSON = ["type": "Replace", "pattern": ["String": "bb"], "content": "é"]
    let offsets = try TinyTokenizer.normalizing(step).encode("abbc").offsets
    #expect(offsets == [0..<1, 2..<3, 2..<3, 3..<4])
  }

  // MARK: Decoders

  @Test(
    arguments: [
      ([["type": "Fuse"], ["type": "Strip", "content": " ", "start": 1, "stop": 0]], " a b", "a b"),
      ([["type": "Strip", "content": " ", "start": 1, "stop": 0]], " a b", "ab"),
      ([["type": "Replace", "pattern": ["String": " "], "content": "--"]], " a b", "--a--b"),
      ([["type": "Metaspace", "replacement": " ", "prepend_scheme": "always"]], " a b", "a b"),
      ([["type": "BPEDecoder", "suffix": "b"]], "bab", " a"),
    ] as [(JSON, String, String)])
  func `decoders turn tokens into text`(steps: JSON, text: String, expected: String) throws {
    let tokenizer = try TinyTokenizer.make([
      "model": TinyTokenizer.model(TinyTokenizer.vocabulary([" ", "a", "b"])),
      "decoder": TinyTokenizer.decoder(steps),
    ])
    #expect(tokenizer.decode(try tokenizer.encode(text).ids, skipSpecialTokens: false) == expected)
  }

  @Test func `without a decoder tokens stand apart`() throws {
    let tokenizer = try TinyTokenizer.merging(["a", "b"], [])
    #expect(tokenizer.decode([0, 1, 7, -1], skipSpecialTokens: false) == "a b")
  }
}
