// The second step: a normalized text is split into the words that the model works on one by one.

import SafeIO

/// A step that splits words further, and may rewrite them.
protocol PreTokenizer: Sendable {
  func split(_ words: inout Words) throws(Failure)
}

/// The pre-tokenizers that tokenizer.json may name.
enum PreTokenizers {
  static var table: StepTable<any PreTokenizer> {
    StepTable(
      family: "pre-tokenizer",
      makers: [
        "Sequence": { fields throws(Failure) in try SequencePreTokenizer(fields) },
        "ByteLevel": { fields throws(Failure) in try ByteLevelPreTokenizer(fields) },
        "Metaspace": { fields throws(Failure) in try MetaspacePreTokenizer(fields) },
        "Split": { fields throws(Failure) in try SplitPreTokenizer(fields) },
        "Digits": { fields throws(Failure) in try SplitPreTokenizer(digits: fields) },
        "Punctuation": { fields throws(Failure) in try SplitPreTokenizer(punctuation: fields) },
        "CharDelimiterSplit": { fields throws(Failure) in try SplitPreTokenizer(delimiter: fields) },
        "Whitespace": { _ in SplitPreTokenizer.wordsAndSymbols },
        "WhitespaceSplit": { _ in SplitPreTokenizer.betweenWhitespace },
        "FixedLength": { fields throws(Failure) in try FixedLengthPreTokenizer(fields) },
        "UnicodeScripts": { _ in UnicodeScriptsPreTokenizer() },
        "BertPreTokenizer": { _ in BertPreTokenizer() },
      ])
  }
}
