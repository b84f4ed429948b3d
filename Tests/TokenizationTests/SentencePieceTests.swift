// Models of SentencePiece against sentencepiece 0.2.3: goldens of each kind, and the real models where they are.

import Foundation
import SafeIO
import TestSupport
import Testing
import Tokenization

@Suite struct SentencePieceTests {
  @Test(arguments: ["bpe", "bpe_symbols", "bpe_unknown", "unigram", "unigram_symbols", "unigram_suffix"])
  func `texts have the ids that SentencePiece gives, and come back as it decodes them`(name: String) throws {
    let tokenizer = try Tokenizer.load(directory: bundled("sentencepiece/\(name).model"))
    for line in try jsonLines(bundled("sentencepiece/\(name).jsonl")) {
      let text = try #require(line["text"]?.stringValue)
      let encoding = try tokenizer.encode(text, addSpecialTokens: false)
      let comment = Comment(rawValue: line.text())
      #expect(encoding.ids.map { Int($0) } == line["ids"]?.integers, comment)
      let decoded = tokenizer.decode(encoding.ids, skipSpecialTokens: false)
      #expect(decoded.isExactly(line["decoded"]?.stringValue), comment)
      checkStream(encoding.ids, tokenizer, decoded)
      checkOffsets(encoding, text)
    }
  }

  private func checkStream(_ ids: [Int32], _ tokenizer: Tokenizer, _ decoded: String) {
    var stream = tokenizer.makeDecodeStream(skipSpecialTokens: false)
    var chunks = ids.map { stream.append($0) ?? "" }
    // U+FFFD is given out when it is certain, never for a character that is still to come.
    chunks.append(stream.finish() ?? "")
    #expect(chunks.joined().isExactly(decoded))
  }

  private func checkOffsets(_ encoding: Encoding, _ text: String) {
    let count = text.unicodeScalars.count
    #expect(encoding.offsets.allSatisfy { $0.upperBound <= count })
    #expect(zip(encoding.offsets, encoding.offsets.dropFirst()).allSatisfy { $0.lowerBound <= $1.lowerBound })
  }

  @Test func `control pieces stand around a text, and are read in one only when a configuration names them`()
    throws
  {
    let scratch = try Scratch()
    _ = try scratch.write(Files.read(path: bundled("sentencepiece/bpe.model")), "tokenizer.model")
    let plain = try Tokenizer.load(directory: scratch.path)
    #expect(plain.namedTokens["bos_token"] == "<s>")
    #expect(try plain.encode("a").ids.first == plain.id(of: "<s>"))
    #expect(try plain.encode("</s>", addSpecialTokens: false).ids.count > 1)
    #expect(plain.decode(try plain.encode("a").ids, skipSpecialTokens: true) == "a")
    _ = try scratch.write(
      [UInt8](
        #"{"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": false, "add_eos_token": true}"#.utf8),
      "tokenizer_config.json")
    let named = try Tokenizer.load(directory: scratch.path)
    let end = try #require(named.id(of: "</s>"))
    #expect(try named.encode("</s>", addSpecialTokens: false).ids == [end])
    #expect(try named.encode("</s>", addSpecialTokens: false, special: .nowhere).ids.count > 1)
    let ids = try named.encode("a").ids
    #expect(ids.last == end && ids.first != named.id(of: "<s>"))
  }

  @Test(
    .enabled(if: Shared.has("real/tokenizers"), "needs the shared real tokenizers"),
    arguments: [("t5/spiece.model", "t5_base"), ("llama2/tokenizer.model", "llama")])
  func `real models have the ids of transformers`(file: String, expected: String) throws {
    let tokenizer = try Tokenizer.load(directory: Shared.file("real/tokenizers/\(file)"))
    let golden = try JSON.read(path: Shared.file("real/tokenizers/encoded/\(expected)_encoded.json"))
    let text = try #require(golden["text"]?.stringValue)
    #expect(try tokenizer.encode(text).ids.map { Int($0) } == golden["token_ids"]?.integers)
  }

  @Test(.enabled(if: Shared.has("real/tokenizers"), "needs the shared real tokenizers"))
  func `both files of Llama 2 give the same ids`() throws {
    let model = try Tokenizer.load(directory: Shared.file("real/tokenizers/llama2/tokenizer.model"))
    let json = try Tokenizer.load(directory: Shared.file("real/tokenizers/llama2/tokenizer.json"))
    let text = try Files.readText(path: Shared.file("real/text/calibration/multilingual.utf8"))
    for line in text.split(separator: "\n") {
      let ids = try json.encode(String(line)).ids
      #expect(try model.encode(String(line)).ids == ids, "\(line)")
    }
  }
}
