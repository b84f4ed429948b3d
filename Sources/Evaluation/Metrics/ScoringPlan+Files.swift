// Scoring plans from files: tokenized as a model reads them, in windows or documents.

import Models
import SafeIO
import Tokenization

extension ScoringPlan {
  /// The most tokens of a window unless another context is asked for.
  package static let usualContext = 512

  /// How a file becomes windows.
  package struct Settings: Sendable {
    /// The most tokens in a window; nil for the model's context, at most `usualContext`.
    package var context: Int?
    /// The distance between windows of a text; nil for a window's length.
    package var stride: Int?
    /// Whether each window of a text begins with the beginning-of-text token.
    package var beginsWindows = false
    /// Only the first windows or documents, when given.
    package var limit: Int?
    /// The key of the text in each line of documents.
    package var textKey = "text"

    package init() {}
  }

  /// Windows over a UTF-8 text, without special tokens but those of the settings.
  ///
  /// - Throws: `Failure`: what can't be read, settings that make no sense or that the model can't hold.
  package init(
    textFile path: String, _ model: ModelDirectory, _ tokenizer: Tokenizer, _ settings: Settings = Settings()
  ) throws(Failure) {
    let beginning = settings.beginsWindows ? Self.beginning(model, tokenizer) : nil
    guard !settings.beginsWindows || beginning != nil else {
      throw .usage("\(model.path) has no beginning-of-text token to put before windows")
    }
    let ids = try tokenizer.encode(Files.readText(path: path), addSpecialTokens: false).ids
    try self.init(
      text: ids, context: Self.context(model, settings), stride: settings.stride, beginning: beginning,
      limit: settings.limit, place: path)
  }

  /// The lines of a JSONL file, each a document of its own that begins with the beginning-of-text token, if the model
  /// has one.
  ///
  /// - Throws: as for a text, and for a line that is no document.
  package init(
    documentFile path: String, _ model: ModelDirectory, _ tokenizer: Tokenizer,
    _ settings: Settings = Settings()
  ) throws(Failure) {
    let beginning = Self.beginning(model, tokenizer).map { [$0] } ?? []
    let texts = try TextDocuments.read(path: path, key: settings.textKey)
    var documents: [[Int32]] = []
    for text in texts.prefix(settings.limit ?? .max) {
      documents.append(beginning + (try tokenizer.encode(text, addSpecialTokens: false).ids))
    }
    try self.init(documents: documents, context: Self.context(model, settings), place: path)
  }

  private static func beginning(_ model: ModelDirectory, _ tokenizer: Tokenizer) -> Int32? {
    tokenizer.bosToken?.id ?? model.bosTokenID
  }

  private static func context(_ model: ModelDirectory, _ settings: Settings) throws(Failure) -> Int {
    let longest = model.spec.contextLength
    guard let context = settings.context else { return min(longest, usualContext) }
    guard context <= longest else {
      throw .usage("a context of \(context) tokens is more than the \(longest) of \(model.path)")
    }
    return context
  }
}
