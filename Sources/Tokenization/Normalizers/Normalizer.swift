// The first step: text is brought into the form that the vocabulary was learned on.

import SafeIO

/// A step that rewrites a text.
protocol Normalizer: Sendable {
  func normalize(_ text: inout AlignedText) throws(Failure)
}

/// The normalizers that tokenizer.json may name.
enum Normalizers {
  static var table: StepTable<any Normalizer> {
    StepTable(
      family: "normalizer",
      makers: [
        "Sequence": { fields throws(Failure) in try SequenceNormalizer(fields) },
        "Prepend": { fields throws(Failure) in PrependNormalizer(prefix: try fields.string("prepend")) },
        "Replace": { fields throws(Failure) in try ReplaceNormalizer(fields) },
        "Strip": { fields throws(Failure) in try StripNormalizer(fields) },
        "StripAccents": { _ in StripAccentsNormalizer() },
        "Lowercase": { _ in LowercaseNormalizer() },
        "ByteLevel": { _ in ByteLevelNormalizer() },
        "BertNormalizer": { fields throws(Failure) in try BertNormalizer(fields) },
        "Precompiled": { fields throws(Failure) in try PrecompiledNormalizer(fields) },
        "SentencePiece": { fields throws(Failure) in try SentencePieceNormalizer(fields) },
        "Nmt": { _ in NmtNormalizer() },
        "NFC": { _ in FormNormalizer(form: .nfc) },
        "NFD": { _ in FormNormalizer(form: .nfd) },
        "NFKC": { _ in FormNormalizer(form: .nfkc) },
        "NFKD": { _ in FormNormalizer(form: .nfkd) },
      ])
  }
}
