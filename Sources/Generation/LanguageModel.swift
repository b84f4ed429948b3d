// A model with all that generating text needs: decoder, tokenizer, chat template, and the tokens that end a text.

import Models
import SafeIO
import TensorCore
import Tokenization

/// A model folder, opened for generation.
package final class LanguageModel {
  package let path: String
  package let directory: ModelDirectory
  package let decoder: Decoder
  package let tokenizer: Tokenizer
  /// How the model writes a conversation; nil for models that only continue text.
  package let chatTemplate: ChatTemplate?
  /// The tokens that end a text, by the model's configuration and its tokenizer's.
  package let endOfText: [Int32]
  /// The tokenizer's tokens by their bytes, for constrained generation.
  package private(set) lazy var vocabulary = VocabularyTrie(tokenizer)

  /// Opens a model folder.
  ///
  /// - Parameter arithmetic: how products with its weights round.
  /// - Throws: `.notFound` and `.badData` as its parts do, and `.badData` when the tokenizer has ordinary tokens that
  ///   the model has no embedding for.
  package init(path: String, arithmetic: Arithmetic = .exact) throws {
    self.path = path
    directory = try ModelDirectory(path: path)
    tokenizer = try Tokenizer.load(directory: path)
    chatTemplate = try ChatTemplate.load(directory: path)
    try tokenizer.checkFit(vocabulary: directory.spec.vocabularySize, source: "\(path)/tokenizer.json")
    decoder = try Decoder(directory, arithmetic: arithmetic)
    var ends = directory.eosTokenIDs
    if let end = tokenizer.eosToken?.id, !ends.contains(end) { ends.append(end) }
    endOfText = ends
  }

  /// The longest text that the model can read, in tokens.
  package var contextLength: Int { directory.spec.contextLength }

  /// What every text begins with: the beginning-of-text token, if the tokenizer declares one.
  package var beginning: [Int32] { tokenizer.bosToken.map { [$0.id] } ?? [] }

  package func newContext() -> DecoderContext { DecoderContext(decoder, capacity: contextLength) }

  /// The tokens of a text that a user wrote.
  ///
  /// Special tokens in it are what they are, and those that the tokenizer adds to every text are added. An empty text
  /// is the beginning of one.
  package func tokens(of text: String) throws(Failure) -> [Int32] {
    let ids = try tokenizer.encode(text, addSpecialTokens: true).ids
    return ids.isEmpty ? beginning : ids
  }

  /// The tokens of a conversation up to where the assistant's answer begins.
  ///
  /// Throws `.badData` when the model has no chat template, and what the template raises.
  package func chatTokens(_ messages: JSON, tools: JSON? = nil, variables: [String: JSON] = [:])
    throws(Failure)
    -> [Int32]
  {
    let text = try chatText(messages, tools: tools, variables: variables)
    return try tokenizer.encode(text, addSpecialTokens: false).ids
  }

  /// The tokens of a conversation that begins with `data`, up to where the assistant's answer begins: special tokens
  /// are read where the template writes them, and never in the data.
  ///
  /// Throws as `chatTokens`, and `.badData` when the template does not write the data as it is.
  package func chatTokens(ofData data: String) throws(Failure) -> [Int32] {
    let text = try chatText([["role": "user", "content": .string(data)]])
    // Many templates leave white space at the ends out.
    let bare = String(data.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    guard let special = SpecialTokenReading.outside(data, in: text) ?? .outside(bare, in: text) else {
      throw .badData(
        path, "the chat template changes the text of a message, so its special tokens can't be told apart")
    }
    return try tokenizer.encode(text, addSpecialTokens: false, special: special).ids
  }

  private func chatText(
    _ messages: JSON, tools: JSON? = nil, variables: [String: JSON] = [:]
  ) throws(Failure) -> String {
    guard let chatTemplate else { throw .badData(path, "the model has no chat template") }
    return try chatTemplate.render(
      messages: messages, tools: tools, addGenerationPrompt: true, variables: variables,
      tokens: tokenizer.namedTokens)
  }

  /// The tokens of a text that is data: special tokens in it are nothing but text.
  ///
  /// - Parameter isWhole: whether it is a text by itself, which gets the tokens that the tokenizer adds to every
  ///   text, or a piece within a longer sequence.
  package func tokens(ofData text: String, isWhole: Bool = false) throws(Failure) -> [Int32] {
    try tokenizer.encode(text, addSpecialTokens: isWhole, special: .nowhere).ids
  }
}
