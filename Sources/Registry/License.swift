// The license of a model, as far as its folder tells: the model card's front matter (Hugging Face's model card
// specification), the configuration, or the text of the license file.

import SafeIO

/// Finds the license of a model folder.
package enum License {
  /// The identifier, in lower case as model cards write it; nil when the folder does not say.
  package static func find(in directory: String) throws(Failure) -> String? {
    if let named = try fromModelCard("\(directory)/README.md") { return named }
    if Files.exists("\(directory)/config.json"),
      let named = try JSON.read(path: "\(directory)/config.json", limit: 16 << 20, acceptingInfinity: true)[
        "license"]?.stringValue
    {
      return named
    }
    for name in ["LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE"] where Files.exists("\(directory)/\(name)")
    {
      return identify(try text("\(directory)/\(name)"))
    }
    return nil
  }

  /// Recognizes the licenses that most open models carry.
  static func identify(_ text: String) -> String? {
    let start = text.prefix(2_000).lowercased()
    if start.contains("apache license") && start.contains("version 2.0") { return "apache-2.0" }
    if start.contains("permission is hereby granted, free of charge") { return "mit" }
    return nil
  }

  /// The `license` of YAML front matter between two lines `---`.
  private static func fromModelCard(_ path: String) throws(Failure) -> String? {
    guard Files.exists(path) else { return nil }
    let lines = try text(path).split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return nil }
    for line in lines[1..<end] where line.hasPrefix("license:") {
      let value = line.dropFirst("license:".count).filter { !" \"'".contains($0) }
      return value.isEmpty || value == "other" ? nil : value.lowercased()
    }
    return nil
  }

  private static func text(_ path: String) throws(Failure) -> String {
    String(decoding: try Files.read(path: path, limit: 16 << 20), as: UTF8.self)
  }
}
