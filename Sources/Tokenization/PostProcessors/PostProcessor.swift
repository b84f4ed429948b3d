// The fourth step: tokens of one text, or of two, are put together, with the special tokens that the model expects.

import SafeIO

/// A step that works on whole encodings.
protocol PostProcessor: Sendable {
  /// The ids that it puts in.
  var ids: [Int32] { get }

  /// Takes the encodings of one text or two, or what the step before made of them, in order.
  func process(_ parts: [Encoding], addSpecialTokens: Bool) -> [Encoding]
}

/// The post-processors that tokenizer.json may name.
enum PostProcessors {
  static var table: StepTable<any PostProcessor> {
    StepTable(
      family: "post-processor",
      makers: [
        "Sequence": { fields throws(Failure) in try SequencePostProcessor(fields) },
        "TemplateProcessing": { fields throws(Failure) in try TemplatePostProcessor(fields) },
        "ByteLevel": { fields throws(Failure) in try ByteLevelPostProcessor(fields) },
        "BertProcessing": { fields throws(Failure) in try PairPostProcessor(bert: fields) },
        "RobertaProcessing": { fields throws(Failure) in try PairPostProcessor(roberta: fields) },
      ])
  }
}
