// Ranks of tiktoken against tiktoken 0.14.0, with the patterns of the known encodings.

import Foundation
import SafeIO
import TestSupport
import Testing
import Tokenization

@Suite struct TiktokenTests {
  @Test(arguments: ["r50k_base", "cl100k_base", "o200k_base", "llama3", "qwen"])
  func `texts have the ids that tiktoken gives`(split: String) throws {
    let tokenizer = try Tokenizer.load(directory: bundled("tiktoken/tiny.tiktoken"), splitRule: split)
    let lines = try jsonLines(bundled("tiktoken/tiny.jsonl")).filter { $0["split"]?.stringValue == split }
    #expect(lines.count > 20)
    for line in lines {
      let text = try #require(line["text"]?.stringValue)
      let ids = try tokenizer.encode(text, addSpecialTokens: false, special: .nowhere).ids
      #expect(ids.map { Int($0) } == line["ids"]?.integers, Comment(rawValue: line.text()))
      #expect(tokenizer.decode(ids, skipSpecialTokens: false).isExactly(text))
    }
  }

  @Test func `the name of the file says the encoding`() throws {
    let scratch = try Scratch()
    let content = try Files.read(path: bundled("tiktoken/tiny.tiktoken"))
    let failure = try #require(throws: Failure.self) {
      try Tokenizer.load(directory: bundled("tiktoken/tiny.tiktoken"))
    }
    #expect(failure.message.contains("state it, one of r50k_base, gpt2, "))
    let unknown = try #require(throws: Failure.self) {
      try Tokenizer.load(directory: bundled("tiktoken/tiny.tiktoken"), splitRule: "lama3")
    }
    #expect(unknown.kind == .usage && unknown.message.contains("'lama3' is no known way to split texts"))
    _ = try scratch.write(content, "vocabulary.tiktoken")
    _ = try scratch.write([UInt8](#"{"model_type": "gpt_oss"}"#.utf8), "config.json")
    let tokenizer = try Tokenizer.load(directory: scratch.path)
    #expect(try tokenizer.encode("<|start|>", addSpecialTokens: false).ids == [200006])
  }

  @Test(
    .enabled(if: Shared.has("real/tokenizers"), "needs the shared real tokenizers"),
    arguments: [
      ("llama3/tokenizer.model", "llama3/tokenizer.json"), ("qwen/qwen.tiktoken", "qwen/tokenizer.json"),
    ])
  func `real ranks give the ids of the tokenizer made from them`(ranks: String, json: String) throws {
    let first = try Tokenizer.load(directory: Shared.file("real/tokenizers/\(ranks)"))
    let second = try Tokenizer.load(directory: Shared.file("real/tokenizers/\(json)"))
    let text = try Files.readText(path: Shared.file("real/text/calibration/multilingual.utf8"))
    for line in text.split(separator: "\n") {
      let ids = try second.encode(String(line), addSpecialTokens: false).ids
      #expect(try first.encode(String(line), addSpecialTokens: false).ids == ids, "\(line)")
    }
    #expect(first.vocabularySize >= second.vocabularySize)
  }
}
