// A token that is found in the text as it stands, before any model sees it.

import SafeIO

/// An entry of `added_tokens`.
struct AddedToken: Sendable, Equatable {
  let content: String
  /// Only where no word character touches it.
  let isSingleWord: Bool
  /// It takes the white space before it along.
  let stripsLeft: Bool
  /// It takes the white space after it along.
  let stripsRight: Bool
  /// It is looked for in the normalized text, not in the original.
  let isNormalized: Bool
  /// It steers the model and is no text; decoding may skip it.
  let isSpecial: Bool
  /// It is found in texts; a control piece of a SentencePiece model is not.
  let isInText: Bool

  /// A special token that a configuration only names.
  init(special content: String) {
    self.content = content
    isSingleWord = false
    stripsLeft = false
    stripsRight = false
    isNormalized = false
    isSpecial = true
    isInText = true
  }

  init(_ fields: Fields) throws(Failure) {
    content = try fields.string("content")
    isSingleWord = try fields.bool("single_word", default: false)
    stripsLeft = try fields.bool("lstrip", default: false)
    stripsRight = try fields.bool("rstrip", default: false)
    isSpecial = try fields.bool("special", default: false)
    isNormalized = try fields.bool("normalized", default: !isSpecial)
    isInText = try fields.bool("in_text", default: true)
  }

  static func == (left: AddedToken, right: AddedToken) -> Bool {
    left.content.utf8.elementsEqual(right.content.utf8) && left.isSingleWord == right.isSingleWord
      && left.stripsLeft == right.stripsLeft && left.stripsRight == right.stripsRight
      && left.isNormalized == right.isNormalized && left.isSpecial == right.isSpecial
      && left.isInText == right.isInText
  }
}
