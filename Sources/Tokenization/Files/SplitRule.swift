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
        "[一-鿿㐀-䶿\u{8c48}-\u{faff}\u{3040}-ゟ゠-ヿ\u{ff65}-ﾟ⼀-\u{2fdf}เ-\u{e7f}\u{e80}-\u{eff}ក-\u{17ff}က-႟ꩠ-ꩿ"
          + "ꧠ-\u{a9ff}가-\u{d7af}ᄀ-ᇿ]+",
        deepseekWords,
      ]),
    SplitRule(
      names: ["deepseek-llm"],
      patterns: [
        "[\\r\\n]",
        "\\s?[A-Za-z\u{b5}\u{c0}-\u{d6}\u{d8}-\u{f6}\u{f8}-\u{1ba}\u{1bc}-\u{1bf}\u{1c4}-\u{293}"
          + "\u{295}-\u{2af}\u{370}-\u{373}\u{376}\u{377}\u{37b}-\u{37d}\u{37f}\u{386}\u{388}-\u{38a}"
          + "\u{38c}\u{38e}-\u{3a1}\u{3a3}-\u{3f5}\u{3f7}-\u{481}\u{48a}-\u{52f}\u{531}-\u{556}"
          + "\u{10a0}-\u{10c5}\u{13a0}-\u{13f5}\u{13f8}-\u{13fd}\u{1c90}-\u{1cba}\u{1cbd}-\u{1cbf}"
          + "\u{1d00}-\u{1d2b}\u{1d6b}-\u{1d77}\u{1d79}-\u{1d9a}\u{1e00}-\u{1f15}\u{1f18}-\u{1f1d}"
          + "\u{1f20}-\u{1f45}\u{1f48}-\u{1f4d}\u{1f50}-\u{1f57}\u{1f59}\u{1f5b}\u{1f5d}"
          + "\u{1f5f}-\u{1f7d}\u{1f80}-\u{1fb4}\u{1fb6}-\u{1fbc}\u{1fbe}\u{1fc2}-\u{1fc4}"
          + "\u{1fc6}-\u{1fcc}\u{1fd0}-\u{1fd3}\u{1fd6}-\u{1fdb}\u{1fe0}-\u{1fec}\u{1ff2}-\u{1ff4}"
          + "\u{1ff6}-\u{1ffc}\u{2102}\u{2107}\u{210a}-\u{2113}\u{2115}\u{2119}-\u{211d}\u{2124}"
          + "\u{2126}\u{2128}\u{212a}-\u{212d}\u{212f}-\u{2134}\u{2139}\u{213c}-\u{213f}"
          + "\u{2145}-\u{2149}\u{214e}\u{2183}\u{2184}\u{2c00}-\u{2c7b}\u{2c7e}-\u{2ce4}"
          + "\u{2ceb}-\u{2cee}\u{2cf2}\u{2cf3}\u{a640}-\u{a66d}\u{a680}-\u{a69b}\u{a722}-\u{a76f}"
          + "\u{a771}-\u{a787}\u{a78b}-\u{a78e}\u{ab70}-\u{abbf}\u{fb00}-\u{fb06}\u{fb13}-\u{fb17}"
          + "\u{ff21}-\u{ff3a}\u{ff41}-\u{ff5a}\u{10400}-\u{1044f}\u{104b0}-\u{104d3}"
          + "\u{104d8}-\u{104fb}\u{10c80}-\u{10cb2}\u{10cc0}-\u{10cf2}\u{118a0}-\u{118df}"
          + "\u{1e900}-\u{1e943}]+",
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
