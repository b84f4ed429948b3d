// Finding the tokenizer of a model folder, whatever file it comes in: all of them are brought into the form of
// tokenizer.json, which is read by one reader.

import SafeIO
import WeightFiles

/// The file that holds a tokenizer, brought into the form of tokenizer.json.
struct TokenizerFiles {
  /// The file, for errors.
  let source: String
  let form: JSON
  let configuration: TokenizerConfiguration

  /// A larger file is no tokenizer.
  private static let sizeLimit = 256 << 20

  /// Reads the tokenizer at `path`.
  /// - Parameters:
  ///   - path: a model folder, or a file of one of the kinds.
  ///   - splitRule: how a tiktoken file's texts are split, where neither its name nor its size tells.
  /// - Throws: `Failure.notFound` when the folder has no tokenizer, `Failure.badData` when it can't be used.
  init(path: String, splitRule: String? = nil) throws(Failure) {
    if let gguf = try GGUFFile.of(model: path) {
      source = gguf.path
      form = try GGUFVocabulary(gguf).form(source: gguf.path, isStandard: false)
      configuration = TokenizerConfiguration()
      return
    }
    let folder = Files.isDirectory(path) ? path : Files.parent(of: path)
    configuration = try TokenizerConfiguration(directory: folder)
    source = Files.isDirectory(path) ? try Self.file(in: path) : path
    if Files.name(of: source) == "vocab.json" || Files.name(of: source) == "merges.txt" {
      form = try Self.mergesForm(folder, configuration.splitRule ?? splitRule)
      return
    }
    let content = try Files.read(path: source, limit: Self.sizeLimit)
    let first = content.first { ![0x20, 0x0a, 0x0d, 0x09].contains($0) }
    if first == UInt8(ascii: "{") || content.isEmpty {
      form = try JSON.parse(content, source: source)
    } else if TiktokenRanks.fits(content) {
      let ranks = try TiktokenRanks(content, source: source)
      let encoding = try TiktokenEncoding.choose(
        stated: splitRule, path: source, modelType: Self.modelType(folder), count: ranks.tokens.count)
      form = try ranks.form(encoding)
    } else if content[0] == 0x0a {
      // The number of the first field of a SentencePiece model, its pieces.
      let model = try SentencePieceModel(content, source: source)
      form = model.exactForm(configuration.use(of: model))
    } else {
      throw .badData(
        source,
        "is no tokenizer: neither tokenizer.json, nor a SentencePiece model, nor the ranks of tiktoken")
    }
  }

  /// The file of a folder that holds its tokenizer, the fullest kind first.
  private static func file(in folder: String) throws(Failure) -> String {
    let known = ["tokenizer.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model"]
    for name in known where Files.exists("\(folder)/\(name)") { return "\(folder)/\(name)" }
    let names = try Files.list(folder).sorted()
    let fitting = names.filter { $0.hasSuffix(".tiktoken") || $0.contains("tokenizer.model") }
    if fitting.count > 1 {
      throw .badData(folder, "has several tokenizers (\(fitting.joined(separator: ", "))); name the file")
    }
    if let name = fitting.first { return "\(folder)/\(name)" }
    if names.contains("vocab.json"), names.contains("merges.txt") { return "\(folder)/vocab.json" }
    throw .notFound("\(folder)/tokenizer.json", "no such file; the folder has no tokenizer")
  }

  /// A byte-level BPE in two files, as GPT-2's.
  private static func mergesForm(_ folder: String, _ rule: String?) throws(Failure) -> JSON {
    guard let rule = SplitRule.named(rule ?? "gpt2") else {
      throw .usage("'\(rule?.prefix(40) ?? "")' is no known way to split texts")
    }
    let vocabulary = try JSON.read(path: "\(folder)/vocab.json", limit: sizeLimit)
    let merges = try Files.readText(path: "\(folder)/merges.txt", limit: sizeLimit)
    let end = "<|endoftext|>"
    let id = vocabulary[end]?.intValue
    return TokenizerForm(
      addedTokens: id.map { [AddedToken.form(id: $0, end, isSpecial: true)] } ?? [],
      normalizer: rule.composes ? ["type": "NFC"] : .null, preTokenizer: rule.preTokenizer,
      decoder: TokenizerForm.byteLevel,
      model: [
        "type": "BPE", "vocab": vocabulary,
        "merges": .array(merges.split(separator: "\n").map { .string(String($0)) }),
      ], namedTokens: id == nil ? [:] : ["bos_token": .string(end), "eos_token": .string(end)]
    ).json
  }

  private static func modelType(_ folder: String) throws(Failure) -> String? {
    let path = "\(folder)/config.json"
    return Files.exists(path) ? try JSON.read(path: path, limit: sizeLimit)["model_type"]?.stringValue : nil
  }
}

extension Tokenizer {
  /// Loads the tokenizer of a model folder, with the names of special tokens from tokenizer_config.json.
  /// - Parameters:
  ///   - path: the folder with a tokenizer.json, a `tokenizer.model` or `spiece.model` of SentencePiece, a tiktoken file
  ///     or vocab.json and merges.txt; or such a file itself; or a GGUF file.
  ///   - splitRule: how a tiktoken file's texts are split, where neither its name nor its size tells.
  /// - Throws: `Failure.notFound` when there is no tokenizer, `Failure.badData` when it can't be used.
  package static func load(directory path: String, splitRule: String? = nil) throws(Failure) -> Tokenizer {
    let files = try TokenizerFiles(path: path, splitRule: splitRule)
    return try Tokenizer(json: files.form, source: files.source, configuration: files.configuration)
  }
}
