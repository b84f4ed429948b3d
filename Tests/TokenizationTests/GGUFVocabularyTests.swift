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
    ("bert", "bert", nil), ("mistral_metaspace", "llama", nil),
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
      // llama.cpp composes no characters.
      guard text.isExactly(text.precomposedStringWithCanonicalMapping) else { continue }
      // It puts a space before texts that begin with one as well, which this tokenizer does not.
      guard name != "mistral_metaspace" || !text.hasPrefix(" ") && !text.hasPrefix("\u{2581}") else {
        continue
      }
      let ids = try original.encode(text, addSpecialTokens: false, special: .nowhere).ids
      #expect(try exact.encode(text, addSpecialTokens: false, special: .nowhere).ids == ids, "\(text)")
      #expect(try standard.encode(text, addSpecialTokens: false, special: .nowhere).ids == ids, "\(text)")
    }
  }

  @Test(arguments: ["bpe", "bpe_symbols", "unigram", "unigram_symbols"])
  func `a SentencePiece model comes back from GGUF's keys`(name: String) throws {
    let path = bundled("sentencepiece/\(name).model")
    let vocabulary = try GGUFVocabulary(directory: path)
    #expect(vocabulary.model == (name.hasPrefix("bpe") ? "llama" : "t5"))
    #expect(vocabulary.addsSpacePrefix == (name != "bpe_symbols"))
    let original = try Tokenizer.load(directory: path)
    let exact = try vocabulary.tokenizer(source: "v.gguf")
    for line in try jsonLines(bundled("sentencepiece/\(name).jsonl")) {
      let text = try #require(line["text"]?.stringValue)
      // llama.cpp looks for what the user defined in the text as it stands, before anything else.
      if name == "bpe_symbols"
        && (text.contains("[") || text.contains("<") || text.contains("ing") || text.contains("  ")
          || text.contains("\u{2581}"))
      {
        continue
      }
      let ids = try original.encode(text, addSpecialTokens: false).ids
      #expect(try exact.encode(text, addSpecialTokens: false, special: .nowhere).ids == ids, "\(text)")
    }
  }

  @Test(arguments: [
    "default", "minicpm5", "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0",
    "lfm2",
    "jina-v5-nano", "deepseek-llm", "deepseek-coder", "deepseek-v3", "spark2_5", "youtu", "falcon", "mpt",
    "starcoder",
    "gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de", "a.x-4.0", "mellum",
    "modern-bert",
    "jais-2", "gemma4", "granite-embed-multi-311m", "sarvam-moe", "jina-v1-en", "jina-v2-code", "roberta-bpe",
    "refact",
    "command-r", "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "qwen35", "stablelm2", "olmo", "dbrx",
    "smaug-bpe",
    "poro-chat", "chatglm-bpe", "glm4", "glm5", "viking", "jais", "tekken", "smollm", "codeshell", "bloom",
    "gpt3-finnish", "exaone", "exaone4", "exaone-moe", "chameleon", "minerva-7b", "megrez", "gpt-4o",
    "llama4",
    "kanana2", "talkie", "granite-embed-multi-97m", "tiny_aya", "cohere2moe", "trillion", "granite-docling",
    "bailingmoe", "bailingmoe2", "llada-moe", "seed-coder", "hunyuan", "hunyuan-dense", "hy_v4", "joyai-llm",
    "kimi-k2",
    "ufakzeka", "grok-2", "afmoe", "laguna", "minimax-m2", "solar-open", "mellum2",
  ])
  func `every way to split texts that llama.cpp names is known`(pre: String) throws {
    let text = "I'm here, 12345 αβγ 你好!\n\n  x"
    var characters: Set<String> = []
    let bytes = try GGUFVocabulary(directory: bundled("gpt2")).tokens
    characters.formUnion(bytes.filter { $0.unicodeScalars.count == 1 })
    var vocabulary = GGUFVocabulary(model: "gpt2", tokens: characters.sorted())
    vocabulary.pre = pre
    vocabulary.addsBOS = false
    let tokenizer = try vocabulary.tokenizer(source: "v.gguf")
    let ids = try tokenizer.encode(text).ids
    #expect(ids.isEmpty == false)
    if !["gemma4", "granite-embed-multi-311m", "sarvam-moe"].contains(pre) {
      #expect(tokenizer.decode(ids, skipSpecialTokens: false) == text)
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

  @Test(arguments: [
    ("model", "v.gguf: tokenizer.ggml.model: the kind of tokenizer 'rwkv' is not supported"),
    ("pre", "called 'lama-bpe' is not known; did you mean 'llama-bpe'?"),
    ("scores", "v.gguf: tokenizer.ggml.scores: has 1 elements for 3 tokens"),
    ("type", "v.gguf: tokenizer.ggml.token_type: expected numbers from 1 to 6, found 9"),
    ("types", "v.gguf: tokenizer.ggml.token_type: has 1 elements for 3 tokens"),
    ("bos", "v.gguf: tokenizer.ggml.bos_token_id: 3 is no id of a vocabulary of 3 tokens"),
    ("none", "v.gguf: tokenizer.ggml.tokens: is missing or empty"),
    ("twice", "v.gguf: tokenizer.ggml.tokens: the tokens 0 and 2 are both 'a'"),
    ("merge", "needs a token that is not in the vocabulary"), ("pair", "is no pair of tokens"),
    ("llama", "v.gguf: tokenizer.ggml.scores: is missing, which the kind 'llama' needs"),
  ])
  func `keys that do not fit together are refused`(change: String, problem: String) throws {
    var vocabulary = GGUFVocabulary(model: "gpt2", tokens: ["a", "b", "ab"])
    vocabulary.pre = "gpt-2"
    vocabulary.merges = ["a b"]
    switch change {
    case "model": vocabulary.model = "rwkv"
    case "pre": vocabulary.pre = "lama-bpe"
    case "scores": vocabulary.scores = [1]
    case "type": vocabulary.types = [1, 2, 9]
    case "types": vocabulary.types = [1]
    case "bos": vocabulary.tokenIDs = ["bos": 3]
    case "none": vocabulary.tokens = []
    case "twice": vocabulary.tokens = ["a", "b", "a"]
    case "merge": vocabulary.merges = ["a c"]
    case "pair": vocabulary.merges = ["ab"]
    default: vocabulary.model = "llama"
    }
    let failure = try #require(throws: Failure.self) { try vocabulary.tokenizer(source: "v.gguf") }
    #expect(failure.kind == .badData && failure.message.contains(problem), "\(failure)")
  }

  @Test func `a normalizer that GGUF does not have is named`() throws {
    let failure = try #require(throws: Failure.self) { try GGUFVocabulary(directory: bundled("unigram")) }
    #expect(failure.message.contains("GGUF can't say what the normalizer 'Nmt' does"))
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
