// The text that perplexity is measured on, as a model's tokens.

import Models
import SafeIO
import Tokenization

/// A file to be measured on.
package enum MeasuredText: Sendable {
  /// UTF-8 text, cut into windows.
  case text(path: String)
  /// JSONL; each line's `text` is a document that begins with the beginning-of-text token.
  case documents(path: String)

  /// Most tokens of a window, unless the model's context is shorter.
  private static let contextLimit = 512

  package var path: String {
    switch self {
    case .text(let path), .documents(let path): path
    }
  }

  /// The windows or documents of the file in a model's tokens.
  package func plan(_ directory: ModelDirectory, _ tokenizer: Tokenizer) throws -> ScoringPlan {
    let context = min(directory.spec.contextLength, Self.contextLimit)
    switch self {
    case .text(let path):
      let ids = try tokenizer.encode(Files.readText(path: path), addSpecialTokens: false).ids
      return try ScoringPlan(text: ids, context: context, place: path)
    case .documents(let path):
      let beginning = tokenizer.bosToken?.id ?? directory.bosTokenID.flatMap(Int32.init(exactly:))
      let documents = try TextDocuments.read(path: path, key: "text").map { text in
        (beginning.map { [$0] } ?? []) + (try tokenizer.encode(text, addSpecialTokens: false).ids)
      }
      return try ScoringPlan(documents: documents, context: context, place: path)
    }
  }
}
