// A tiktoken file: a line for each token, its bytes in base64 and its rank. Which neighbours merge follows from the
// ranks: those whose joined bytes have the lowest one (openai/tiktoken, src/lib.rs). How a text is split first, and which
// special tokens there are, stands nowhere in the file.

import SafeIO

/// What a tiktoken file says, and what is known of its encoding.
struct TiktokenRanks: Sendable {
  /// The bytes of each token, by rank; nil where a rank is left out.
  private(set) var tokens: [[UInt8]?] = []
  private let source: String

  /// How many ranks may be left out.
  private static let maximumGap = 4096

  /// Reads a file's content.
  /// - Throws: `Failure.badData` with the line that is no token and rank, or has a rank for the second time.
  init(_ content: [UInt8], source: String) throws(Failure) {
    self.source = source
    let lines = content.split(separator: UInt8(ascii: "\n"))
    for (index, line) in lines.enumerated() {
      let parts = line.split(whereSeparator: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") })
      guard parts.count == 2, let bytes = Base64.decode(parts[0]), !bytes.isEmpty,
        let rank = Int(String(decoding: parts[1], as: UTF8.self)), rank >= 0
      else {
        throw .badData("\(source): line \(index + 1)", "expected the bytes of a token in base64 and its rank")
      }
      guard rank < lines.count + Self.maximumGap else {
        throw .badData(
          "\(source): line \(index + 1)", "the rank \(rank) is far beyond the \(lines.count) tokens")
      }
      while tokens.count <= rank { tokens.append(nil) }
      guard tokens[rank] == nil else {
        throw .badData("\(source): line \(index + 1)", "the rank \(rank) stands there for the second time")
      }
      tokens[rank] = bytes
    }
    if tokens.isEmpty { throw .badData(source, "is empty, the tokens of a vocabulary are expected") }
  }

  /// Whether a file's content looks like this format: its first line is base64 and a number.
  static func fits(_ content: [UInt8]) -> Bool {
    let line = content.prefix(4096).prefix { $0 != UInt8(ascii: "\n") }
    let parts = line.split(whereSeparator: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") })
    return parts.count == 2 && Base64.decode(parts[0]) != nil
      && Int(String(decoding: parts[1], as: UTF8.self)) != nil
  }

  /// The form of tokenizer.json.
  func form(_ encoding: TiktokenEncoding) throws(Failure) -> JSON {
    var vocabulary = JSONObject()
    let special = encoding.specialTokens(count: tokens.count)
    let count = max(tokens.count, (special.map(\.id).max() ?? -1) + 1)
    // What is no rank is neither made by merging nor merged itself.
    var types = [PieceType](repeating: .unused, count: count)
    for (rank, bytes) in tokens.enumerated() {
      guard let bytes else { continue }
      types[rank] = .normal
      let text = ByteAlphabet.spelling(of: bytes)
      guard vocabulary[text] == nil else {
        throw .badData(source, "the token '\(text.prefix(40))' has two ranks, of which one is \(rank)")
      }
      vocabulary[text] = .integer(rank)
    }
    // Special tokens stand in the vocabulary too, since their ids may leave gaps.
    for token in special {
      types[token.id] = .control
      if vocabulary[token.text] == nil { vocabulary[token.text] = .integer(token.id) }
    }
    let scored = (vocabulary.compactMap { $0.1.intValue }.max() ?? -1) + 1
    var named = JSONObject()
    for (name, text) in encoding.namedTokens { named[name] = .string(text) }
    let bos = encoding.addsBOS ? special.first.map { ($0.text, $0.id) } : nil
    return TokenizerForm(
      addedTokens: special.map { AddedToken.form(id: $0.id, $0.text, isSpecial: true) },
      normalizer: encoding.rule.composes ? ["type": "NFC"] : .null, preTokenizer: encoding.rule.preTokenizer,
      postProcessor: TokenizerForm.template(bos: bos, eos: nil), decoder: TokenizerForm.byteLevel,
      model: [
        "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
        "end_of_word_suffix": nil,
        "fuse_unk": false, "byte_fallback": false, "ignore_merges": true, "vocab": .object(vocabulary),
        "scores": .array((0..<scored).map { .integer(-$0) }),
        "types": .array(types.prefix(scored).map { .integer($0.rawValue) }),
      ], namedTokens: named
    ).json
  }
}
