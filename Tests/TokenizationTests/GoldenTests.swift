// Whole tokenizers against the `tokenizers` library: every id, token, offset and decoding.

import SafeIO
import TestSupport
import Testing
import Tokenization

@Suite struct GoldenTests {
  @Test(arguments: GoldenTokenizer.small)
  func `encoding and decoding agree with the library`(golden: GoldenTokenizer) throws {
    try checkEncoding(golden)
    try checkDecoding(golden)
  }

  @Test(
    .enabled(if: Shared.has("goldens/tokenizers"), "needs the shared goldens"), arguments: GoldenTokenizer.all
  )
  func `the whole set agrees with the library`(golden: GoldenTokenizer) throws {
    try checkEncoding(golden)
    try checkDecoding(golden)
  }

  private func checkEncoding(_ golden: GoldenTokenizer) throws {
    let tokenizer = try golden.tokenizer()
    for line in try golden.lines("golden.jsonl") {
      let text = try #require(line["text"]?.stringValue)
      let pair = line["pair"]?.stringValue
      let encoding = try tokenizer.encode(text, pair: pair)
      let comment = Comment(rawValue: line.text())
      #expect(encoding.ids.map { Int($0) } == line["ids"]?.integers, comment)
      #expect(zip(encoding.tokens, line["tokens"]?.strings ?? []).allSatisfy { $0.isExactly($1) }, comment)
      let offsets = encoding.offsets.map { [$0.lowerBound, $0.upperBound] }
      #expect(offsets == line["offsets"]?.arrayValue?.map(\.integers), comment)
      if let types = line["type_ids"] { #expect(encoding.typeIDs.map { Int($0) } == types.integers, comment) }
      let bare = try tokenizer.encode(text, pair: pair, addSpecialTokens: false)
      #expect(bare.ids.map { Int($0) } == line["ids_no_special"]?.integers, comment)
      checkDecodings(of: encoding.ids, tokenizer, line)
    }
  }

  private func checkDecoding(_ golden: GoldenTokenizer) throws {
    let tokenizer = try golden.tokenizer()
    for line in try golden.lines("decode.jsonl") {
      let ids = (line["ids"]?.integers ?? []).map { Int32($0) }
      checkDecodings(of: ids, tokenizer, line)
      var stream = tokenizer.makeDecodeStream(skipSpecialTokens: false)
      let chunks = ids.map { stream.append($0) }
      // Where the library refuses, ours goes on: see the tests of the stream.
      guard let expected = line["stream_chunks"]?.arrayValue else { continue }
      #expect(chunks == expected.map(\.stringValue), Comment(rawValue: line.text()))
    }
  }

  private func checkDecodings(of ids: [Int32], _ tokenizer: Tokenizer, _ line: JSON) {
    let comment = Comment(rawValue: line.text())
    let text = tokenizer.decode(ids, skipSpecialTokens: false)
    #expect(text.isExactly(line["decoded"]?.stringValue), comment)
    let plain = tokenizer.decode(ids, skipSpecialTokens: true)
    #expect(plain.isExactly(line["decoded_skip_special"]?.stringValue), comment)
  }
}
