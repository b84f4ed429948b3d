// What travels with a model when its weights are rewritten: the small files beside weights and configuration that tell
// how to speak with it, and its licence. A list of what is known, so that notes, records and manifests of the old
// folder, which would be wrong about the new one, stay behind.

import SafeIO
import Tokenization
import WeightFiles

/// The files of a model folder that every model made from it takes along.
package enum CompanionFiles {
  private static let names: Set<String> = [
    "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt",
    "spiece.model", "sentencepiece.bpe.model", "chat_template.json",
    "generation_config.json",
    // How the model wants to be asked in triage tasks.
    "triage.json",
  ]
  private static let prefixes = ["tokenizer", "LICENSE", "LICENCE", "NOTICE", "USE_POLICY"]
  private static let suffixes = [".jinja", ".tiktoken"]

  /// Writes tokenizer.json and tokenizer_config.json.
  private static func write(
    _ vocabulary: GGUFVocabulary, chatTemplate: String?, _ source: String, to target: String
  ) throws(Failure) {
    let files: [(String, JSON)] = [
      ("tokenizer.json", try vocabulary.tokenizerJSON(source: source)),
      ("tokenizer_config.json", vocabulary.configurationJSON(chatTemplate: chatTemplate)),
    ]
    for (name, content) in files {
      try Files.writeAtomically(content.text(.pretty(indent: 2)) + "\n", to: "\(target)/\(name)")
    }
  }

  /// Whether a file of this name is taken along.
  package static func includes(_ name: String) -> Bool {
    names.contains(name) || prefixes.contains { name.hasPrefix($0) }
      || suffixes.contains { name.hasSuffix($0) }
  }

  /// Copies them from one model folder into another, in the order of their names; those of a GGUF file are made of its
  /// metadata.
  ///
  /// - Parameter areAll: false for a GGUF file, which holds the tokenizer itself: then what is left to take along.
  package static func copy(from source: String, to target: String, areAll: Bool = true) throws(Failure) {
    // A file without a tokenizer becomes a folder without one.
    if areAll, let gguf = try GGUFFile.of(model: source),
      try gguf.string("tokenizer.ggml.model").map({ !["none", "no_vocab"].contains($0) }) ?? false
    {
      try write(
        GGUFVocabulary(gguf), chatTemplate: ChatTemplate.sources(directory: source)["default"]?.source,
        gguf.path, to: target)
    }
    guard Files.isDirectory(source) else { return }
    for name in try Files.list(source) where includes(name) && !Files.isDirectory("\(source)/\(name)") {
      guard areAll || name == "triage.json" || prefixes.dropFirst().contains(where: { name.hasPrefix($0) })
      else {
        continue
      }
      try Files.copy(from: "\(source)/\(name)", to: "\(target)/\(name)")
    }
  }
}
