// Tokenizers of real models, where the shared folder has them, with the ids that llama.cpp and transformers give.

import Foundation
import SafeIO
import TestSupport
import Testing
import Tokenization

@Suite(.enabled(if: Shared.has("real/tokenizers"), "needs the shared real tokenizers"))
struct RealTokenizerTests {
  private static let folder = Shared.file("real/tokenizers")

  private func tokenizer(_ name: String) throws -> Tokenizer {
    try Tokenizer.load(directory: "\(Self.folder)/\(name)")
  }

  @Test(arguments: [
    ("llama2", "llama-spm"), ("llama3", "llama-bpe"), ("qwen", "qwen2"), ("gpt2", "gpt-2"),
    ("llama2/tokenizer.model", "llama-spm"), ("llama3/tokenizer.model", "llama-bpe"),
    ("qwen/qwen.tiktoken", "qwen2"),
  ])
  func `the 47 strings of llama.cpp have their ids`(name: String, expected: String) throws {
    let tokenizer = try tokenizer(name)
    let texts = try Files.readText(path: "\(Self.folder)/gguf/inp.txt").components(
      separatedBy: "\n__ggml_vocab_test__\n")
    let lines = try Files.readText(path: "\(Self.folder)/gguf/ggml-vocab-\(expected).gguf.out")
      .components(separatedBy: "\n")
    #expect(texts.count == 47)
    for (text, line) in zip(texts, lines) {
      let ids = line.split(separator: " ").compactMap { Int32($0) }
      #expect(try tokenizer.encode(text, addSpecialTokens: false).ids == ids, "\(text)")
    }
  }

  @Test(arguments: [
    ("gpt2", "distilgpt2"), ("llama3", "pcuenq/Llama-3.2-1B-Instruct-tokenizer"),
    ("llama2", "coreml-projects/Llama-2-7b-chat-coreml"),
  ])
  func `short strings have the ids of transformers`(name: String, repository: String) throws {
    let tokenizer = try tokenizer(name)
    let cases =
      try JSON.read(path: "\(Self.folder)/encoded/tokenizer_tests.json")[repository]?.arrayValue ?? []
    #expect(!cases.isEmpty)
    for line in cases {
      let text = try #require(line["input"]?.stringValue)
      #expect(
        try tokenizer.encode(text).ids.map { Int($0) } == line["encoded"]?["input_ids"]?.integers, "\(text)")
    }
  }

  @Test func `padding and truncation of the file are left aside`() throws {
    let tokenizer = try tokenizer("smollm")
    let text = String(repeating: "plain ", count: 300)
    let ids = try tokenizer.encode(text).ids
    #expect(ids.count > 192)
    #expect(try !tokenizer.encode("short").ids.contains(49152))
    #expect(tokenizer.decode(ids, skipSpecialTokens: false) == text)
  }

  @Test(arguments: ["llama2", "llama3", "qwen", "smollm", "pythia", "gpt2"])
  func `texts come back as they were`(name: String) throws {
    let tokenizer = try tokenizer(name)
    let text = try Files.readText(path: Shared.file("real/text/calibration/multilingual.utf8"))
      .precomposedStringWithCanonicalMapping
    let ids = try tokenizer.encode(text, addSpecialTokens: false).ids
    #expect(tokenizer.decode(ids, skipSpecialTokens: false).isExactly(text))
  }
}
