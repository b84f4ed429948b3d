// Reading the goldens: those beside the tests, and the whole set where the shared folder is.

import Foundation
import SafeIO
import TestSupport
import Testing
import Tokenization

/// A tokenizer with what the `tokenizers` library gives for it.
struct GoldenTokenizer: CustomTestStringConvertible {
  let folder: String

  var testDescription: String { Files.name(of: folder) }

  static let names = [
    "gpt2", "llama2_legacy", "llama3", "qwen2", "mistral_metaspace", "gemma", "bert", "unigram",
  ]

  /// A part of the set, in the repository.
  static let small = names.map { GoldenTokenizer(folder: bundled($0)) }

  /// The whole set.
  static let all = names.map { GoldenTokenizer(folder: Shared.file("goldens/tokenizers/\($0)")) }

  func tokenizer() throws -> Tokenizer { try Tokenizer.load(directory: folder) }

  /// The lines of one of its files.
  func lines(_ file: String) throws -> [JSON] { try jsonLines("\(folder)/\(file)") }
}

/// The values of a file with one on each line.
func jsonLines(_ path: String) throws -> [JSON] {
  try Files.readText(path: path).split(separator: "\n").map { try JSON.parse(String($0), source: path) }
}

/// The path of a file or folder beside the tests.
func bundled(_ name: String) -> String {
  Bundle.module.resourceURL?.appendingPathComponent("Goldens/\(name)").path ?? name
}

extension JSON {
  /// The array of integers that this is.
  var integers: [Int] { (arrayValue ?? []).compactMap(\.intValue) }

  /// The array of strings that this is.
  var strings: [String] { (arrayValue ?? []).compactMap(\.stringValue) }
}

extension String {
  /// Equal to the byte; `==` would take different spellings of an `é` for the same.
  func isExactly(_ other: String?) -> Bool { other.map { utf8.elementsEqual($0.utf8) } ?? false }
}
