// Vocabularies to GGUF's keys and back, and what does not fit in them.

import Foundation
import SafeIO
import TestSupport
import Testing
import Tokenization

@Suite struct GGUFVocabularyTests {
  private static let kinds = [
    ("gpt2", "gpt2", "gpt-2"), ("llama3", "gpt2", "llama-bpe"), ("qwen2", "gpt2", "qwen2"),
    ("llama2_legacy", "llama", nil),
    ("bert", "bert", nil), ("unigram", "t5", nil),
  ]

  @Test(arguments: kinds)
  func `a vocabulary comes back from GGUF's keys`(name: String, model: String, pre: String?) throws {
    let folder = bundled(name)
    let original = try Tokenizer.load(directory: folder)
    let vocabulary = try GGUFVocabulary(directory: folder)
    #expect(vocabulary.model == model)
    #expect(vocabulary.pre == pre)
    #expect(vocabulary.tokens.count == original.vocabularySize)
    #expect(vocabulary.types.count == vocabulary.tokens.count)
    let exact = try vocabulary.tokenizer(source: "v.gguf")
    let standard = try Tokenizer(json: vocabulary.tokenizerJSON(source: "v.gguf"), source: "tokenizer.json")
    for line in try jsonLines("\(folder)/golden.jsonl") where line["pair"] == nil {
      let text = try #require(line["text"]?.stringValue)
      // llama.cpp composes no characters, and knows no flags of added tokens.
      guard text.unicodeScalars.allSatisfy({ $0.properties.canonicalCombiningClass == .notReordered }),
        line["tokens"]?.strings.contains(where: {
          original.id(of: $0).map { original.isSpecial($0) } ?? false
        }) == false
          || original.namedTokens.isEmpty
      else { continue }
      let ids = try original.encode(text, addSpecialTokens: false, special: .nowhere).ids
      #expect(try exact.encode(text, addSpecialTokens: false, special: .nowhere).ids == ids, "\(text)")
      #expect(try standard.encode(text, addSpecialTokens: false, special: .nowhere).ids == ids, "\(text)")
    }
  }

  @Test func `unused tokens fill up to the model's vocabulary`() throws {
    let vocabulary = try GGUFVocabulary(directory: bundled("gpt2"), modelVocabulary: 2000)
    #expect(vocabulary.tokens.count == 2000)
    #expect(vocabulary.tokens.last == "[PAD1999]")
    #expect(vocabulary.types.last == 5)
  }

  @Test func `a configuration names the special tokens`() throws {
    var vocabulary = GGUFVocabulary(model: "gpt2", tokens: ["a", "<s>"])
    vocabulary.tokenIDs = ["bos": 1]
    vocabulary.addsBOS = true
    let configuration = vocabulary.configurationJSON(chatTemplate: "{{ x }}")
    #expect(configuration["bos_token"] == "<s>")
    #expect(configuration["add_bos_token"] == true)
    #expect(configuration["chat_template"] == "{{ x }}")
    let tokenizer = try vocabulary.tokenizer(source: "v.gguf")
    #expect(try tokenizer.encode("a").ids == [1, 0])
    #expect(tokenizer.bosToken?.id == 1)
  }

  @Test func `a piece is made by the highest score, from left to right`() throws {
    var vocabulary = GGUFVocabulary(
      model: "llama", tokens: ["<unk>", "<s>", "</s>", "a", "aa", "b", "ab", "\u{2581}"])
    vocabulary.scores = [0, 0, 0, -10, -2, -11, -1, -12]
    vocabulary.types = [2, 3, 3, 1, 1, 1, 1, 1]
    vocabulary.addsSpacePrefix = false
    let tokenizer = try vocabulary.tokenizer(source: "v.gguf")
    #expect(try tokenizer.encode("aaab").ids == [1, 4, 6])
    #expect(try tokenizer.encode("aaa</s>a", addSpecialTokens: false).ids == [4, 3, 2, 3])
  }

  private static let misfits: [(@Sendable (inout GGUFVocabulary) -> Void, String)] = [
    ({ $0.model = "rwkv" }, "v.gguf: tokenizer.ggml.model: the kind of tokenizer 'rwkv' is not supported"),
    ({ $0.pre = "lama-bpe" }, "called 'lama-bpe' is not known; did you mean 'llama-bpe'?"),
    ({ $0.scores = [1] }, "v.gguf: tokenizer.ggml.scores: has 1 elements for 3 tokens"),
    ({ $0.types = [1, 2, 9] }, "v.gguf: tokenizer.ggml.token_type: expected numbers from 1 to 6, found 9"),
    ({ $0.types = [1] }, "v.gguf: tokenizer.ggml.token_type: has 1 elements for 3 tokens"),
    (
      { $0.tokenIDs = ["bos": 3] },
      "v.gguf: tokenizer.ggml.bos_token_id: 3 is no id of a vocabulary of 3 tokens"
    ),
    ({ $0.tokens = [] }, "v.gguf: tokenizer.ggml.tokens: is missing or empty"),
    ({ $0.tokens = ["a", "b", "a"] }, "v.gguf: tokenizer.ggml.tokens: the tokens 0 and 2 are both 'a'"),
    ({ $0.merges = ["a c"] }, "needs a token that is not in the vocabulary"),
    ({ $0.merges = ["ab"] }, "is no pair of tokens"),
    ({ $0.model = "llama" }, "v.gguf: tokenizer.ggml.scores: is missing, which the kind 'llama' needs"),
  ]

  @Test(arguments: misfits)
  func `keys that do not fit together are refused`(
    change: @Sendable (inout GGUFVocabulary) -> Void, problem: String
  ) throws {
    var vocabulary = GGUFVocabulary(model: "gpt2", tokens: ["a", "b", "ab"])
    vocabulary.pre = "gpt-2"
    vocabulary.merges = ["a b"]
    change(&vocabulary)
    let failure = try #require(throws: Failure.self) { try vocabulary.tokenizer(source: "v.gguf") }
    #expect(failure.kind == .badData && failure.message.contains(problem), "\(failure)")
  }

  @Test(
    arguments: [
      (
        ["type": "Lowercase"], ["type": "ByteLevel", "use_regex": true],
        "GGUF can't say what the normalizer 'Lowercase' does"
      ),
      (
        nil,
        [
          "type": "Sequence",
          "pretokenizers": [
            ["type": "Split", "pattern": ["Regex": "."], "behavior": "Isolated"], ["type": "ByteLevel"],
          ],
        ], "llama.cpp has no name for the way in which its pre-tokenizer splits texts"
      ),
    ] as [(JSON, JSON, String)])
  func `what GGUF can't say is named`(normalizer: JSON, preTokenizer: JSON, problem: String) throws {
    let scratch = try Scratch()
    let json: JSON = [
      "normalizer": normalizer, "pre_tokenizer": preTokenizer,
      "model": ["type": "BPE", "vocab": ["a": 0], "merges": []],
    ]
    _ = try scratch.write([UInt8](json.text().utf8), "tokenizer.json")
    let failure = try #require(throws: Failure.self) { try GGUFVocabulary(directory: scratch.path) }
    #expect(failure.message.contains(problem), "\(failure)")
  }
}
