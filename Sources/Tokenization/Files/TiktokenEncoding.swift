// What stands beside the ranks of the known tiktoken encodings: the rule for splitting, and the special tokens
// (tiktoken_ext/openai_public.py; meta-llama/llama-models, tokenizer.py; Qwen, tokenization_qwen.py). A table, not code.

import SafeIO

/// A known encoding.
struct TiktokenEncoding: Sendable {
  let name: String
  let rule: SplitRule
  /// How many ranks its file has; nil when it is not known by that.
  private let count: Int?
  /// Special tokens and their ids.
  private let special: @Sendable (_ count: Int) -> [(text: String, id: Int)]
  /// What tokenizer_config.json would name.
  let namedTokens: [(name: String, text: String)]
  let addsBOS: Bool

  func specialTokens(count: Int) -> [(text: String, id: Int)] { special(count) }

  /// Chooses the encoding of a file.
  /// - Parameters:
  ///   - stated: the name that the user gave.
  ///   - path: the file, whose name may say it.
  ///   - modelType: `model_type` of the config.json beside it.
  ///   - count: how many ranks the file has.
  /// - Throws: `Failure.usage` for a stated name that is not known, `Failure.badData` when nothing says it.
  static func choose(stated: String?, path: String, modelType: String?, count: Int) throws(Failure)
    -> TiktokenEncoding
  {
    if let stated {
      if let encoding = table.first(where: { $0.name == stated }) { return encoding }
      guard let rule = SplitRule.named(stated) else {
        let names = table.map(\.name) + SplitRule.allNames
        throw .usage(
          "'\(stated.prefix(40))' is no known way to split texts\(Spelling.suggestion(for: stated, among: names))"
        )
      }
      return TiktokenEncoding(stated, rule, count: nil)
    }
    let name = Files.name(of: path)
    if let encoding = table.first(where: { name.hasPrefix($0.name) && $0.count.map { $0 == count } ?? true })
    {
      return encoding
    }
    if let encoding = table.first(where: { $0.count == count }) { return encoding }
    let types = [
      "llama4": "llama4", "gpt_oss": "o200k_harmony", "dbrx": "cl100k_base", "qwen": "qwen",
      "kimi_k2": "kimi-k2",
    ]
    if let modelType, let known = types[modelType], let encoding = table.first(where: { $0.name == known }) {
      return encoding
    }
    throw .badData(
      path,
      "neither its name nor its \(count) ranks tell how texts are split for it; state it, one of "
        + table.map(\.name).joined(separator: ", "))
  }

  private init(
    _ name: String, _ rule: SplitRule, count: Int?, named: [(name: String, text: String)] = [],
    addsBOS: Bool = false,
    special: @escaping @Sendable (Int) -> [(text: String, id: Int)] = { _ in [] }
  ) {
    self.name = name
    self.rule = rule
    self.count = count
    self.special = special
    namedTokens = named
    self.addsBOS = addsBOS
  }

  private static let end: [(name: String, text: String)] = [("eos_token", "<|endoftext|>")]

  private static let table: [TiktokenEncoding] = [
    TiktokenEncoding("r50k_base", .known("gpt2"), count: 50256, named: end) { _ in [("<|endoftext|>", 50256)]
    },
    TiktokenEncoding("gpt2", .known("gpt2"), count: 50256, named: end) { _ in [("<|endoftext|>", 50256)] },
    TiktokenEncoding("p50k_edit", .known("gpt2"), count: 50281, named: end) { _ in
      [
        ("<|endoftext|>", 50256), ("<|fim_prefix|>", 50281), ("<|fim_middle|>", 50282),
        ("<|fim_suffix|>", 50283),
      ]
    },
    TiktokenEncoding("p50k_base", .known("gpt2"), count: 50281, named: end) { _ in [("<|endoftext|>", 50256)]
    },
    TiktokenEncoding("cl100k_base", .known("cl100k_base"), count: 100256, named: end) { _ in
      [
        ("<|endoftext|>", 100257), ("<|fim_prefix|>", 100258), ("<|fim_middle|>", 100259),
        ("<|fim_suffix|>", 100260),
        ("<|endofprompt|>", 100276),
      ]
    },
    TiktokenEncoding(
      "o200k_harmony", .known("gpt-4o"), count: 199998,
      named: [("bos_token", "<|startoftext|>"), ("eos_token", "<|return|>")]
    ) { _ in
      let names = [
        199998: "<|startoftext|>", 199999: "<|endoftext|>", 200002: "<|return|>", 200003: "<|constrain|>",
        200005: "<|channel|>", 200006: "<|start|>", 200007: "<|end|>", 200008: "<|message|>",
        200012: "<|call|>",
        200018: "<|endofprompt|>",
      ]
      return (199998..<201088).map { (names[$0] ?? "<|reserved_\($0)|>", $0) }
    },
    TiktokenEncoding("o200k_base", .known("gpt-4o"), count: 199998, named: end) { _ in
      [("<|endoftext|>", 199999), ("<|endofprompt|>", 200018)]
    },
    TiktokenEncoding(
      "llama3", .known("llama3"), count: 128000,
      named: [("bos_token", "<|begin_of_text|>"), ("eos_token", "<|end_of_text|>")], addsBOS: true
    ) { count in
      let names = [
        "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>",
        "<|reserved_special_token_1|>",
        "<|finetune_right_pad_id|>", "<|reserved_special_token_2|>", "<|start_header_id|>",
        "<|end_header_id|>",
        "<|eom_id|>", "<|eot_id|>", "<|python_tag|>",
      ]
      let reserved = (3..<248).map { "<|reserved_special_token_\($0)|>" }
      return (names + reserved).enumerated().map { ($0.element, count + $0.offset) }
    },
    TiktokenEncoding(
      "llama4", .known("llama4"), count: 200000,
      named: [("bos_token", "<|begin_of_text|>"), ("eos_token", "<|end_of_text|>")], addsBOS: true
    ) { count in
      [
        "<|begin_of_text|>", "<|end_of_text|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>",
        "<|header_start|>", "<|header_end|>", "<|eom|>", "<|eot|>", "<|step|>",
      ].enumerated().map { ($0.element, count + $0.offset) }
    },
    TiktokenEncoding("qwen", .known("qwen2"), count: 151643, named: end) { count in
      ["<|endoftext|>", "<|im_start|>", "<|im_end|>"].enumerated().map { ($0.element, count + $0.offset) }
    },
    TiktokenEncoding(
      "kimi-k2", .known("kimi-k2"), count: 163584, named: [("bos_token", "[BOS]"), ("eos_token", "[EOS]")]
    ) { count in
      [
        (0, "[BOS]"), (1, "[EOS]"), (2, "<|im_end|>"), (3, "<|im_user|>"), (4, "<|im_assistant|>"),
        (6, "<|start_header_id|>"), (7, "<|end_header_id|>"), (9, "[EOT]"), (10, "<|im_system|>"),
        (17, "<|im_middle|>"), (254, "[UNK]"), (255, "[PAD]"),
      ].map { ($0.1, count + $0.0) }
    },
  ]
}
