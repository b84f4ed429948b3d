// The kinds of rows a dataset may hold, told apart by their keys, and what is wrong when one does not fit.

import SafeIO

/// Reads rows of JSON into training rows.
package final class RowReader {
  private let encoder: () throws -> RowEncoder
  private var loadedEncoder: RowEncoder?
  private let vocabularySize: Int
  /// Rows longer than this are cut.
  let limit: Int
  /// Rows longer than this, after cutting, are refused.
  private let context: Int?

  /// Rows that were cut to the limit so far, and still teach something.
  package private(set) var cutRows = 0
  /// The lines of the rows so far that had something to learn, all of it behind the limit.
  package private(set) var skippedLines: [Int] = []

  /// - Parameters:
  ///   - vocabularySize: token ids must be below it.
  ///   - limit: the longest row in tokens; what is behind is cut off.
  ///   - context: the most positions the model has, nil if unbounded.
  ///   - encoder: loads the tokenizer; called once, and only when a row needs it.
  package init(vocabularySize: Int, limit: Int, context: Int?, encoder: @escaping () throws -> RowEncoder) {
    self.vocabularySize = vocabularySize
    self.limit = limit
    self.context = context
    self.encoder = encoder
  }

  /// Reads one row; nil for one that cutting leaves nothing to learn.
  ///
  /// - Parameters:
  ///   - json: the row.
  ///   - line: its place in the file, counted from 1.
  ///   - place: the file and the line, for errors.
  /// - Throws: `Failure` for a row that fits no format, has nothing to learn or exceeds the model's context.
  package func row(_ json: JSON, line: Int, place: String) throws -> TrainingRow? {
    let fields = try Fields(json, source: place)
    if fields.has("input_ids") { return try tokenized(fields, line: line) }
    let labelled = try encoded(fields)
    let labels = zip(labelled.ids, labelled.isLearned).map { $1 ? $0 : TrainingRow.ignored }
    return try finish(ids: labelled.ids, labels: labels, weights: nil, line: line, place: place)
  }

  private func encoded(_ fields: Fields) throws -> RowEncoder.Labelled {
    let place = fields.source
    // First: their prompt stands under the keys of other rows, and would be learned without an answer.
    if fields.has("chosen") || fields.has("rejected") {
      throw Failure.badData(
        place, "preference rows (chosen, rejected) can't be trained on yet; give one answer")
    }
    let tools = try tools(fields)
    if fields.has("messages") {
      return try textEncoder().chat(messages: .array(fields.array("messages")), tools: tools, place: place)
    }
    if fields.has("conversations") {
      let messages = try Conversations.messages(fields.array("conversations"), place: place)
      return try textEncoder().chat(messages: messages, tools: tools, place: place)
    }
    if fields.has("completion") || fields.has("prompt") {
      return try textEncoder().completion(
        prompt: fields.string("prompt"), completion: fields.string("completion"), tools: tools, place: place)
    }
    if fields.has("instruction") {
      let input = try fields.string("input", default: "")
      let instruction = try fields.string("instruction")
      return try textEncoder().completion(
        prompt: input.isEmpty ? instruction : "\(instruction)\n\(input)", completion: fields.string("output"),
        place: place)
    }
    if fields.has("text") { return try textEncoder().text(fields.string("text"), place: place) }
    let found = fields.object.keys.isEmpty ? "no keys" : fields.object.keys.joined(separator: ", ")
    throw Failure.badData(
      place, "expected messages, prompt and completion, text, or input_ids and labels; found \(found)")
  }

  /// The tools of a conversation: an array, or the text of one.
  private func tools(_ fields: Fields) throws -> JSON? {
    guard let value = fields.object["tools"], !value.isNull else { return nil }
    guard let text = value.stringValue else { return value }
    return text.isEmpty ? nil : try JSON.parse(text, source: "\(fields.source): key 'tools'")
  }

  private func tokenized(_ fields: Fields, line: Int) throws -> TrainingRow? {
    let ids = try integers(fields, "input_ids", allowed: 0..<vocabularySize)
    var labels = ids
    if fields.has("labels") {
      labels = try integers(fields, "labels", allowed: 0..<vocabularySize, orIgnored: true)
      guard labels.count == ids.count else {
        throw fields.complaint("labels", "has \(labels.count) entries, input_ids has \(ids.count)")
      }
    }
    if fields.has("attention_mask") {
      let mask = try integers(fields, "attention_mask", allowed: 0..<2)
      guard mask.count == ids.count else {
        throw fields.complaint("attention_mask", "has \(mask.count) entries, input_ids has \(ids.count)")
      }
      let end = mask.firstIndex(of: 0) ?? mask.count
      guard !mask[end...].contains(1) else {
        throw fields.complaint("attention_mask", "a 1 follows a 0; padding may only stand at the end")
      }
      for position in end..<ids.count { labels[position] = TrainingRow.ignored }
    }
    var weights: [Float]?
    if let values = try fields.optionalArray("loss_weights") {
      weights = values.compactMap { $0.doubleValue.map { Float($0) } }
      guard weights?.count == ids.count, weights?.allSatisfy({ $0 >= 0 && $0.isFinite }) ?? false else {
        throw fields.complaint(
          "loss_weights", "expected \(ids.count) numbers of 0 or more, as many as input_ids")
      }
    }
    return try finish(ids: ids, labels: labels, weights: weights, line: line, place: fields.source)
  }

  private func integers(
    _ fields: Fields, _ key: String, allowed: Range<Int>, orIgnored: Bool = false
  ) throws(Failure) -> [Int32] {
    var result: [Int32] = []
    let values = try fields.array(key)
    result.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      guard let number = value.intValue,
        allowed.contains(number) || orIgnored && number == Int(TrainingRow.ignored)
      else {
        let range = "0…\(allowed.upperBound - 1)\(orIgnored ? " or -100" : "")"
        throw fields.complaint(
          key, "entry \(index) is \(value.text(.compact)), expected an integer in \(range)")
      }
      result.append(Int32(number))
    }
    return result
  }

  /// Cuts, checks and shifts a document.
  private func finish(
    ids: [Int32], labels: [Int32], weights: [Float]?, line: Int, place: String
  ) throws(Failure) -> TrainingRow? {
    if let wrong = ids.first(where: { $0 >= vocabularySize }) {
      throw .badData(
        place,
        "the tokenizer gives token \(wrong), the model has \(vocabularySize): they don't belong together")
    }
    let length = min(ids.count, limit)
    if let context, length > context {
      throw .badData(
        place,
        "the row has \(length) tokens, the model's context is \(context); --max-seq-length \(context) cuts such rows"
      )
    }
    guard let row = TrainingRow(ids: ids, labels: labels, weights: weights, line: line, limit: limit) else {
      guard TrainingRow(ids: ids, labels: labels, weights: weights, line: line) != nil else {
        throw .badData(
          place,
          "nothing to learn: it has \(ids.count) tokens, and none that follows another is to be learned")
      }
      skippedLines.append(line)
      return nil
    }
    if ids.count > limit { cutRows += 1 }
    return row
  }

  private func textEncoder() throws -> RowEncoder {
    if let loadedEncoder { return loadedEncoder }
    let loaded = try encoder()
    loadedEncoder = loaded
    return loaded
  }
}
