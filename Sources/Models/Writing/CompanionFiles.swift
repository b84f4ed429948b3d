// What travels with a model when its weights are rewritten: the small files beside weights and configuration that tell
// how to speak with it, and its licence. A list of what is known, so that notes, records and manifests of the old
// folder, which would be wrong about the new one, stay behind.

import SafeIO

/// The files of a model folder that every model made from it takes along.
package enum CompanionFiles {
  private static let names: Set<String> = [
    "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt",
    "chat_template.json",
    "generation_config.json",
    // How the model wants to be asked in triage tasks.
    "triage.json",
  ]
  private static let prefixes = ["tokenizer", "LICENSE", "LICENCE", "NOTICE", "USE_POLICY"]
  private static let suffixes = [".jinja", ".tiktoken"]

  /// Whether a file of this name is taken along.
  package static func includes(_ name: String) -> Bool {
    names.contains(name) || prefixes.contains { name.hasPrefix($0) }
      || suffixes.contains { name.hasSuffix($0) }
  }

  /// Copies them from one model folder into another, in the order of their names.
  package static func copy(from source: String, to target: String) throws(Failure) {
    for name in try Files.list(source) where includes(name) && !Files.isDirectory("\(source)/\(name)") {
      try Files.copy(from: "\(source)/\(name)", to: "\(target)/\(name)")
    }
  }
}
