// Text that comes id by id, and what single tokens add to a text.

import SafeIO
import Testing
import Tokenization

@Suite struct DecodeStreamTests {
  @Test(arguments: GoldenTokenizer.small)
  func `the chunks of a stream are the text`(golden: GoldenTokenizer) throws {
    let tokenizer = try golden.tokenizer()
    for line in try golden.lines("golden.jsonl") {
      let ids = (line["ids"]?.integers ?? []).map { Int32($0) }
      for skips in [false, true] {
        var stream = tokenizer.makeDecodeStream(skipSpecialTokens: skips)
        var text = ""
        for id in ids { text += stream.append(id) ?? "" }
        text += stream.finish() ?? ""
        #expect(
          text.isExactly(tokenizer.decode(ids, skipSpecialTokens: skips)), Comment(rawValue: line.text()))
      }
    }
  }

  @Test(arguments: GoldenTokenizer.small)
  func `the bytes of the tokens are the text`(golden: GoldenTokenizer) throws {
    let tokenizer = try golden.tokenizer()
    for line in try golden.lines("golden.jsonl") {
      let ids = (line["ids_no_special"]?.integers ?? []).map { Int32($0) }
      guard !ids.contains(where: tokenizer.isSpecial), let decoded = line["decoded_skip_special"]?.stringValue
      else {
        continue
      }
      let bytes = ids.flatMap { tokenizer.bytes(of: $0) ?? [] }
      // The decoder takes away the space that the normalizer put first; in the middle of a text it stays.
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(text.isExactly(decoded) || text.isExactly(" " + decoded), Comment(rawValue: line.text()))
    }
  }

  @Test func `a character spread over tokens comes out when it is whole`() throws {
    let tokenizer = try TinyTokenizer.normalizing(nil)
    var stream = tokenizer.makeDecodeStream(skipSpecialTokens: false)
    let ids = try tokenizer.encode("a😀b").ids
    #expect(ids.map { stream.append($0) } == ["a", nil, nil, nil, "😀", "b"])
    #expect(stream.finish() == nil)
  }

  @Test func `what is unfinished at the end becomes a replacement character`() throws {
    let tokenizer = try TinyTokenizer.normalizing(nil)
    var stream = tokenizer.makeDecodeStream(skipSpecialTokens: false)
    #expect(stream.append(0xf0) == nil)
    #expect(stream.finish() == "\u{fffd}")
    #expect(stream.finish() == nil)
  }

  @Test func `text that comes out differently later is not given out twice`() throws {
    // A byte that is text by itself becomes part of a bad run; the library stops with an error here.
    let tokenizer = try TinyTokenizer.normalizing(nil)
    var stream = tokenizer.makeDecodeStream(skipSpecialTokens: false)
    let chunks = [0x07, 0x96, 0xd6].map { stream.append($0) } + [stream.finish()]
    #expect(chunks == ["\u{7}", nil, nil, "\u{fffd}\u{fffd}"])
  }

  @Test func `special and unknown ids have no bytes`() throws {
    let tokenizer = try GoldenTokenizer.small[2].tokenizer()
    #expect(tokenizer.bytes(of: try #require(tokenizer.id(of: "<|eot_id|>"))) == nil)
    #expect(tokenizer.bytes(of: -1) == nil)
    #expect(tokenizer.bytes(of: .max) == nil)
  }
}
