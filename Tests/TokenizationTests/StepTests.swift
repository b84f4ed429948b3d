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
      (["type": "FixedLength", "length": 6], ["Hey, i", "t's 12", "½\u{a0}o’cl", "ock_!!"]),
      (["type": "UnicodeScripts"], ["Hey", ", ", "it", "'", "s ", "12½\u{a0}", "o", "’", "clock", "_!!"]),
      (
        ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true],
        ["Hey", ",", " it", "'s", " 12½", "\u{a0}", "o", "’", "clock", "_!!"]
      ),
    ] as [(JSON, [String])])
  func `pre-tokenizers split as the library does`(step: JSON, words: [String]) throws {
    #expect(try TinyTokenizer.splitting(step).words(of: "Hey, it's 12½\u{a0}o’clock_!!") == words)
  }

  @Test func `Japanese is one script, and a space belongs to any`() throws {
    let tokenizer = try TinyTokenizer.splitting(["type": "UnicodeScripts"])
    #expect(try tokenizer.words(of: "どこで 生れー。Yes we") == ["どこで 生れー", "。", "Yes we"])
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
      (["type": "BertNormalizer"], "H\u{e9}llo\u{0}  中国\tX\u{200b}", "hello   中  国  x"),
      (["type": "BertNormalizer", "lowercase": false], "É\u{fffd}中", "É 中 "),
      (["type": "Nmt"], "a\u{1}b\tc\u{200b}d\u{7f}", "ab c d"),
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

  @Test(
    arguments: [
      (["type": "WordPiece"], "un ##able ! do n't", "unable! don't"),
      (["type": "WordPiece", "cleanup": false], "un ##able ! ##", "unable !"),
      (["type": "WordPiece", "prefix": "@@"], "##un @@able", "##unable"),
      (["type": "CTC"], "<pad> h h <pad> e l <pad> l o | w", "hello w"),
      (["type": "Replace", "pattern": ["Regex": "[aeiou]+"], "content": "_"], "queue be", "q_b_"),
    ] as [(JSON, String, String)])
  func `decoders join tokens as the library does`(step: JSON, tokens: String, expected: String) throws {
    let tokens = tokens.split(separator: " ").map(String.init)
    let known = Array(Set(tokens)).sorted()
    let tokenizer = try TinyTokenizer.make([
      "model": ["type": "WordLevel", "vocab": TinyTokenizer.vocabulary(known)], "decoder": step,
    ])
    let ids = tokens.compactMap { tokenizer.id(of: $0) }
    #expect(tokenizer.decode(ids, skipSpecialTokens: false) == expected)
  }

  // MARK: Models

  @Test func `the best sum of scores wins, and of equal ones the first token`() throws {
    let vocabulary: JSON = [["<unk>", 0], ["a", -1], ["b", -1], ["ab", -2], ["c", -3], ["abc", -5.5]]
    let tokenizer = try TinyTokenizer.make([
      "model": ["type": "Unigram", "unk_id": 0, "vocab": vocabulary]
    ])
    #expect(try tokenizer.encode("abcxyab").ids == [3, 4, 0, 3])
    #expect(try tokenizer.encode("abxyc").tokens == ["ab", "xy", "c"])
  }

  @Test func `an unknown run becomes bytes where the vocabulary has them`() throws {
    let bytes = (0..<256).map { "<0x\($0 < 16 ? "0" : "")\(String($0, radix: 16, uppercase: true))>" }
    let vocabulary: [JSON] = [["<unk>", 0], ["a", -1]] + bytes.map { [.string($0), 0] }
    let tokenizer = try TinyTokenizer.make([
      "model": ["type": "Unigram", "unk_id": 0, "vocab": .array(vocabulary), "byte_fallback": true]
    ])
    let encoding = try tokenizer.encode("aéa")
    #expect(encoding.tokens == ["a", "<0xC3>", "<0xA9>", "a"])
    #expect(encoding.offsets == [0..<1, 1..<2, 1..<2, 2..<3])
  }

  @Test func `a word is written with the longest pieces, or is unknown as a whole`() throws {
    let tokenizer = try TinyTokenizer.make([
      "pre_tokenizer": ["type": "WhitespaceSplit"],
      "model": [
        "type": "WordPiece", "max_input_chars_per_word": 6,
        "vocab": ["[UNK]": 0, "un": 1, "##able": 2, "##a": 3, "##ble": 4, "una": 5],
      ],
    ])
    #expect(try tokenizer.encode("unable una unx aaaaaaa unaaaaaa").ids == [5, 4, 5, 0, 0, 0])
  }

  @Test func `a word level vocabulary knows whole words`() throws {
    let tokenizer = try TinyTokenizer.make([
      "pre_tokenizer": ["type": "Whitespace"],
      "model": ["type": "WordLevel", "vocab": ["<unk>": 0, "a": 1], "unk_token": "<unk>"],
    ])
    #expect(try tokenizer.encode("a b a").ids == [1, 0, 1])
  }

  @Test func `without a decoder tokens stand apart`() throws {
    let tokenizer = try TinyTokenizer.merging(["a", "b"], [])
    #expect(tokenizer.decode([0, 1, 7, -1], skipSpecialTokens: false) == "a b")
  }
}
