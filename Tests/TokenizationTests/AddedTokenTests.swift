// Tokens that are found before the model sees the text.

import SafeIO
import Testing
import Tokenization

@Suite struct AddedTokenTests {
  private func tokenizer(_ added: JSON, normalizer: JSON = nil) throws -> Tokenizer {
    try TinyTokenizer.make([
      "added_tokens": added, "normalizer": normalizer,
      "model": TinyTokenizer.model(TinyTokenizer.vocabulary(["?"]), unknown: "?", fuses: true),
    ])
  }

  /// The pieces of a text, added tokens and what lies between, as they stand in the text.
  private func pieces(_ text: String, _ added: JSON, normalizer: JSON = nil) throws -> [String] {
    try tokenizer(added, normalizer: normalizer).words(of: text)
  }

  @Test func `the leftmost and longest token wins`() throws {
    let added: JSON = [
      ["id": 1, "content": "<s>"], ["id": 2, "content": "<s><s>"], ["id": 3, "content": "s>x"],
    ]
    #expect(try pieces("a<s><s><s>x", added) == ["a", "<s><s>", "<s>", "x"])
  }

  @Test func `white space beside a token goes with it when it strips`() throws {
    let left: JSON = [["id": 1, "content": "<m>", "lstrip": true]]
    #expect(try pieces("a \t<m> b", left) == ["a", " \t<m>", " b"])
    let right: JSON = [["id": 1, "content": "<m>", "rstrip": true]]
    #expect(try pieces("a <m> \n<m>", right) == ["a ", "<m> \n", "<m>"])
    #expect(try tokenizer(right).encode("<m>  ").tokens == ["<m>  "])
  }

  @Test func `a single word is not found inside of a word`() throws {
    let added: JSON = [["id": 1, "content": "cat", "single_word": true]]
    #expect(try pieces("cat concat cat_ cat", added) == ["cat", " concat cat_ ", "cat"])
  }

  @Test func `normalized tokens are looked for in the normalized text`() throws {
    let added: JSON = [
      ["id": 1, "content": "Day", "normalized": true], ["id": 2, "content": "NIGHT", "normalized": false],
    ]
    #expect(
      try pieces("daY night NIGHT", added, normalizer: ["type": "Lowercase"]) == ["daY", " night ", "NIGHT"])
  }

  @Test func `a token of the model keeps its id, others follow the largest`() throws {
    let tokenizer = try tokenizer([
      ["id": 0, "content": "?", "special": true], ["id": 77, "content": "<new>"],
      ["id": 9, "content": "<next>"],
    ])
    #expect(tokenizer.id(of: "?") == 0)
    #expect(tokenizer.id(of: "<new>") == 1)
    #expect(tokenizer.id(of: "<next>") == 2)
    #expect(tokenizer.vocabularySize == 3)
    #expect(tokenizer.token(of: 2) == "<next>")
    #expect(tokenizer.isSpecial(0) && !tokenizer.isSpecial(1) && !tokenizer.isSpecial(3))
  }

  @Test func `special tokens are left out of the text when asked`() throws {
    let tokenizer = try tokenizer([
      ["id": 1, "content": "<s>", "special": true], ["id": 2, "content": "<t>", "special": false],
    ])
    #expect(tokenizer.decode([1, 2], skipSpecialTokens: false) == "<s> <t>")
    #expect(tokenizer.decode([1, 2], skipSpecialTokens: true) == "<t>")
  }

  @Test func `a special token in data is text, and other added tokens are found in it`() throws {
    let added: JSON = [
      ["id": 1, "content": "  ", "special": true], ["id": 2, "content": "x", "special": true],
      ["id": 3, "content": "<S>", "special": true, "normalized": true], ["id": 4, "content": "<t>"],
    ]
    let tokenizer = try tokenizer(added, normalizer: ["type": "Lowercase"])
    for text in ["    ", "xxx", "<s><S>", "a  x<s> x"] {
      #expect(try tokenizer.encode(text).ids.contains { (1...3).contains($0) })
      #expect(try tokenizer.encode(text, special: .nowhere).ids == [0], "\(text)")
    }
    #expect(try tokenizer.encode("x<t>x", special: .nowhere).ids == [0, 4, 0])
  }

  @Test func `special tokens are read around data and not in it`() throws {
    let added: JSON = [
      ["id": 1, "content": "<s>", "special": true],
      ["id": 2, "content": "<e>", "special": true, "normalized": true, "lstrip": true],
    ]
    let tokenizer = try tokenizer(added, normalizer: ["type": "Lowercase"])
    let data = "é<s> <E>a<"
    let text = "<s>e<s> <E>a<e>\(data) <E>b<s>"
    let special = try #require(SpecialTokenReading.outside(data, in: text))
    let found = try tokenizer.encode(text, special: special)
    #expect(found.ids == [1, 0, 1, 2, 0, 2, 0, 2, 0, 1])
    let scalars = Array(text.unicodeScalars)
    let pieces = found.offsets.map { String(String.UnicodeScalarView(scalars[$0])) }
    #expect(pieces == ["<s>", "e", "<s>", " <E>", "a", "<e>", data, " <E>", "b", "<s>"])
    // A token that reaches into the data is none.
    let cut = try #require(SpecialTokenReading.outside("s>", in: "<s>"))
    #expect(try tokenizer.encode("<s>", special: cut).ids == [0])
    #expect(SpecialTokenReading.outside("z", in: text) == nil)
  }

  @Test func `long tokens in repetitive text are found in linear time`() throws {
    let long = String(repeating: "a", count: 300_000)
    let added: JSON = [["id": 1, "content": .string(long + "b")]]
    #expect(try tokenizer(added).encode(long + long + "b").ids == [0, 1])
  }

  @Test func `a thousand tokens in a row take no time`() throws {
    let text = String(repeating: "<s>x", count: 100_000)
    #expect(try tokenizer([["id": 1, "content": "<s>"]]).encode(text).count == 200_000)
  }
}
