// How byte-level tokenizers split a text before merging: the rules that llama.cpp and tiktoken know by name
// (llama.cpp, src/llama-vocab.cpp, with the patterns of the models' own tokenizer.json; tiktoken_ext/openai_public.py;
// the reference code of Llama, Qwen and Kimi). A table, not code.

import SafeIO

/// A way to split texts, with the names under which it goes.
struct SplitRule: Sendable {
  /// The names in `tokenizer.ggml.pre`, the usual one first, and those of tiktoken's encodings.
  let names: [String]
  /// Regular expressions; each splits what those before it left.
  let patterns: [String]
  /// A word that is a token is that token, whatever the merges say.
  var ignoresMerges = false
  /// Texts begin with a token where the file does not say it.
  var addsBOS = false
  /// The model's own tokenizer composes characters first; llama.cpp does not.
  var composes = false
  /// Words are written in the byte alphabet.
  var isByteLevel = true
  /// Whether it stands in llama.cpp's table.
  var isInGGUF = true

  /// The rule of a name.
  static func named(_ name: String) -> SplitRule? { table.first { $0.names.contains(name) } }

  /// The rule of a name that stands in the table.
  static func known(_ name: String) -> SplitRule {
    guard let rule = named(name) else { preconditionFailure("no rule is called \(name)") }
    return rule
  }

  /// The names of all rules.
  static var allNames: [String] { table.flatMap(\.names) }

  /// The pre-tokenizer of tokenizer.json.
  var preTokenizer: JSON {
    var steps = patterns.map { pattern -> JSON in
      ["type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated", "invert": false]
    }
    if isByteLevel { steps.append(TokenizerForm.byteLevel) }
    return steps.count == 1 ? steps[0] : ["type": "Sequence", "pretokenizers": .array(steps)]
  }

  private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
  private static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  private static let ending = #"\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let llama3 =
    contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"# + ending
  private static let qwen2 =
    contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|"# + ending
  private static let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
  private static let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#

  /// Words that begin with capitals, such as o200k_base splits them; `tail` may follow a word.
  private static func capitals(_ upper: String, _ lower: String, tail: String, _ rest: String) -> String {
    #"[^\r\n\p{L}\p{N}]?\#(upper)*\#(lower)+\#(tail)|[^\r\n\p{L}\p{N}]?\#(upper)+\#(lower)*\#(tail)|"# + rest
  }

  private static let o200k = capitals(
    upper, lower, tail: contractions + "?", #"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|"# + ending)
  private static let cjk = "[一-龥\u{3040}-ゟ゠-ヿ]+"
  private static let deepseekWords =
    ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|"##
    + ending
  private static let bloom = " ?[^(\\s|.,!?…。，、।۔،)]+"

  static let table: [SplitRule] = [
    SplitRule(
      names: [
        "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
        "jina-v5-nano",
      ], patterns: [llama3], ignoresMerges: true, addsBOS: true),
    SplitRule(
      names: [
        "gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de", "a.x-4.0", "mellum",
        "modern-bert", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4", "jina-v1-en",
        "jina-v2-code",
        "roberta-bpe", "gpt2", "r50k_base", "p50k_base", "p50k_edit",
      ], patterns: [gpt2]),
    SplitRule(
      names: [
        "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan", "solar-open",
        "grok-2",
        "qwen",
      ], patterns: [qwen2], composes: true),
    SplitRule(
      names: ["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2"],
      patterns: [#"\p{N}"#, gpt2]),
    SplitRule(names: ["dbrx", "smaug-bpe", "chatglm-bpe"], patterns: [llama3]),
    SplitRule(names: ["glm4", "glm5"], patterns: [llama3], ignoresMerges: true),
    SplitRule(
      names: ["cl100k_base"],
      patterns: [
        #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++\z|\s*[\r\n]|\s+(?!\S)|\s"#
      ], isInGGUF: false),
    SplitRule(
      names: ["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2", "o200k_base", "o200k_harmony"],
      patterns: [o200k]),
    SplitRule(
      names: ["granite-embed-multi-97m"],
      patterns: [
        capitals(
          #"(?:(?=[\p{L}\p{M}])[^a-z])"#, #"(?:(?=[\p{L}\p{M}])[^A-Z])"#, tail: contractions + "?",
          #"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|"# + ending)
      ], ignoresMerges: true),
    SplitRule(
      names: ["tekken"],
      patterns: [capitals(upper, lower, tail: "", #"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|"# + ending)],
      ignoresMerges: true, addsBOS: true),
    SplitRule(
      names: ["tiny_aya", "cohere2moe"], patterns: [#"\d{1,3}(?=(?:\d{3})*\b)"#, o200k]),
    SplitRule(
      names: ["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"],
      patterns: [#"\p{N}{1,3}"#, cjk, deepseekWords]),
    SplitRule(
      names: ["afmoe"],
      patterns: [
        #"\d{1,3}(?=(?:\d{3})*(?!\d))"#,
        "[一-鿿㐀-䶿\u{f900}-\u{faff}\u{3040}-ゟ゠-ヿ\u{ff65}-ﾟ⼀-\u{2fdf}เ-\u{e7f}\u{e80}-\u{eff}ក-\u{17ff}က-႟ꩠ-ꩿ"
          + "ꧠ-\u{a9ff}가-\u{d7af}ᄀ-ᇿ]+",
        deepseekWords,
      ]),
    SplitRule(
      names: ["deepseek-llm"],
      patterns: [
        "[\\r\\n]",
        "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼι"
          + "ῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ"
          + "𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+",
        "\\s?[!-/:-~！-／：-～‘-‟\u{3000}-。]+", "\\s+$", "[一-龥ࠀ-一가-\u{d7ff}]+", "\\p{N}+",
      ]),
    SplitRule(
      names: ["deepseek-coder"],
      patterns: ["[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", "[一-龥ࠀ-一가-\u{d7ff}]+", "\\p{N}"]),
    SplitRule(
      names: ["falcon"], patterns: [#"[\p{P}\$\+<=>\^~\|`]+"#, gpt2, "[0-9][0-9][0-9]"]),
    SplitRule(
      names: ["qwen35"],
      patterns: [
        contractions + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|"# + ending
      ], composes: true),
    SplitRule(
      names: ["kimi-k2"],
      patterns: [
        #"[\p{Han}]+|"#
          + capitals(
            #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"#, #"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"#,
            tail: contractions + "?", #"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"# + ending)
      ]),
    SplitRule(names: ["poro-chat", "bloom", "gpt3-finnish"], patterns: [bloom]),
    SplitRule(names: ["viking"], patterns: [bloom, #"\p{N}"#]),
    SplitRule(
      names: ["jais-2"],
      patterns: [
        contractions
          + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s{512}(?!\S)"#
          + #"|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}"#
      ]),
    SplitRule(
      names: ["bailingmoe", "bailingmoe2", "llada-moe"],
      patterns: [
        #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#
      ]),
    SplitRule(
      names: ["seed-coder"],
      patterns: [contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|"# + ending]),
    SplitRule(
      names: ["ufakzeka"], patterns: [#"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|"# + ending]),
    SplitRule(names: ["laguna"], patterns: [#"[^\n]+|[\n]+"#, qwen2]),
    SplitRule(
      names: ["minicpm5"],
      patterns: [
        #"\p{N}{1,3}"#,
        contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|"# + ending,
      ], ignoresMerges: true),
    SplitRule(
      names: ["exaone-moe"],
      patterns: [
        contractions
          + #"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+"#
      ]),
    SplitRule(
      names: ["spark2_5"],
      patterns: [
        #"\p{N}{1,3}"#, cjk,
        ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+|[\r\n]|"##
          + #"\s+(?!\S)|\s+"#,
        #"\p{N}"#,
      ]),
    SplitRule(
      names: ["youtu"],
      patterns: [
        "[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|" + cjk,
        capitals(upper, lower, tail: contractions + "?", #"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|"# + ending),
      ], ignoresMerges: true),
    SplitRule(
      names: ["chameleon"],
      patterns: [
        "<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", "([\\t\\n]|    |  )", #"\p{N}"#,
        #"[\p{P}!-/:-@\[-`{-~]"#, gpt2,
      ], addsBOS: true),
    SplitRule(
      names: ["default"], patterns: [#"[\p{P}\$\+<=>\^~\|]+"#, gpt2, #"\p{N}+"#, "[0-9][0-9][0-9]"]),
    SplitRule(
      names: ["gemma4", "sarvam-moe", "granite-embed-multi-311m"], patterns: [#"[^\n]+|[\n]+"#],
      isByteLevel: false),
  ]
}
