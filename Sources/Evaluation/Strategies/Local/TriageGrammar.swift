// The grammar of an answer about one repository.

import Generation
import SafeIO

/// What an answer may be: files that exist, lines that stand in them, texts and numbers within bounds.
enum TriageGrammar {
  private static let findings = 3
  private static let textLength = 300

  /// Answers about `files`: after a file's name only that file's lines can follow as evidence.
  static func answer(about files: [ViewedFile]) -> Grammar {
    let text = Grammar.string(minimumLength: 1, maximumLength: textLength)
    let confidence = DecimalRange(minimum: 0, maximum: 100, places: 2).map(Grammar.number) ?? .json([0, 1])
    let finding = Grammar.alternatives(
      files.map { file in
        .object([
          Grammar.Member("file", .json([.string(file.path)])),
          Grammar.Member("evidence", .json(file.lines.map { .string($0.evidence) })),
          Grammar.Member("issue", text),
          Grammar.Member("confidence", confidence),
        ])
      })
    return .object([
      Grammar.Member("findings", .array(finding, minimum: 1, maximum: findings)),
      Grammar.Member("summary", text),
      Grammar.Member("recommended_next_step", text),
    ])
  }
}
