// The fixed templates of BERT and RoBERTa, from before there were templates in the file.

import SafeIO

/// `BertProcessing` and `RobertaProcessing`.
struct PairPostProcessor: PostProcessor {
  private let start: Encoding
  private let separator: Encoding
  /// RoBERTa: the second text begins with a separator, and everything has type 0.
  private let isRoberta: Bool
  /// Whether offsets are trimmed, and whether a prefix space was put in.
  private let trimming: (isOn: Bool, addsPrefixSpace: Bool)

  init(bert fields: Fields) throws(Failure) {
    start = try Self.token(fields, "cls")
    separator = try Self.token(fields, "sep")
    isRoberta = false
    trimming = (false, false)
  }

  init(roberta fields: Fields) throws(Failure) {
    start = try Self.token(fields, "cls")
    separator = try Self.token(fields, "sep")
    isRoberta = true
    trimming = (
      try fields.bool("trim_offsets", default: true), try fields.bool("add_prefix_space", default: true)
    )
  }

  var ids: [Int32] { start.ids + separator.ids }

  func process(_ parts: [Encoding], addSpecialTokens: Bool) -> [Encoding] {
    parts.enumerated().map { index, part in
      var text =
        trimming.isOn ? OffsetTrimming.trimmed(part, addsPrefixSpace: trimming.addsPrefixSpace) : part
      let type = isRoberta ? 0 : Int32(index)
      text.typeIDs = Array(repeating: type, count: text.count)
      guard addSpecialTokens else { return text }
      var result = index == 0 ? start : isRoberta ? separator : Encoding()
      result.append(text)
      var end = separator
      end.typeIDs = [type]
      result.append(end)
      return result
    }
  }

  private static func token(_ fields: Fields, _ key: String) throws(Failure) -> Encoding {
    let pair = try fields.array(key)
    guard pair.count == 2, let token = pair[0].stringValue,
      let id = pair[1].intValue.flatMap({ Int32(exactly: $0) })
    else { throw fields.complaint(key, "expected a token and its id") }
    return Encoding(ids: [id], tokens: [token], offsets: [0..<0], typeIDs: [0])
  }
}
