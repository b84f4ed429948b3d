// What stands beside tokenizer.json, and folders that lack it.

import SafeIO
import TestSupport
import Testing
import Tokenization

@Suite struct ConfigurationTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    let json: JSON = [
      "added_tokens": [["id": 3, "content": "<s>", "special": true]],
      "model": TinyTokenizer.model(TinyTokenizer.vocabulary(["a", "b", "</s>"])),
    ]
    try scratch.write(json.text(), "tokenizer.json")
  }

  @Test func `special tokens are named by text or by object`() throws {
    try scratch.write(
      #"{"bos_token": {"content": "<s>", "special": true}, "eos_token": "</s>", "pad_token": null}"#,
      "tokenizer_config.json")
    let tokenizer = try Tokenizer.load(directory: scratch.path)
    #expect(tokenizer.bosToken?.text == "<s>" && tokenizer.bosToken?.id == 3)
    #expect(tokenizer.eosToken?.text == "</s>" && tokenizer.eosToken?.id == 2)
    #expect(tokenizer.namedTokens.count == 2)
    // Naming a token makes it one that is found in the text and may be skipped.
    #expect(try tokenizer.encode("a</s>").ids == [0, 2])
    #expect(tokenizer.isSpecial(2))
  }

  @Test func `older folders name them in special_tokens_map`() throws {
    try scratch.write(#"{"eos_token": "</s>"}"#, "special_tokens_map.json")
    #expect(try Tokenizer.load(directory: scratch.path).eosToken?.id == 2)
  }

  @Test func `tokens that only the configuration adds are added`() throws {
    try scratch.write(
      #"{"added_tokens_decoder": {"4": {"content": "<tool>", "special": false, "lstrip": true}}}"#,
      "tokenizer_config.json")
    let tokenizer = try Tokenizer.load(directory: "\(scratch.path)/tokenizer.json")
    #expect(try tokenizer.encode("a <tool>").ids == [0, 4])
  }

  @Test func `a folder without tokenizer is told what it lacks`() throws {
    let empty = try Scratch()
    let missing = try #require(throws: Failure.self) { try Tokenizer.load(directory: empty.path) }
    #expect(missing.kind == .notFound)
    #expect(missing.message == "\(empty.path)/tokenizer.json: no such file; the folder has no tokenizer")
    try empty.write("x", "tokenizer.model")
    let other = try #require(throws: Failure.self) { try Tokenizer.load(directory: empty.path) }
    #expect(other.message.hasPrefix("\(empty.path)/tokenizer.model: is no tokenizer"))
  }

  @Test func `an id in the configuration must be a number`() throws {
    try scratch.write(#"{"added_tokens_decoder": {"x": {"content": "<t>"}}}"#, "tokenizer_config.json")
    let failure = try #require(throws: Failure.self) { try Tokenizer.load(directory: scratch.path) }
    #expect(failure.message.hasSuffix("key 'added_tokens_decoder': key 'x': expected an id"))
  }
}
