// The knobs of sampling, with the names and meanings that transformers, mlx-lm and llama.cpp agree on.

import SafeIO

/// How the next token is chosen from the model's logits.
package struct SamplingOptions: Sendable, Equatable {
  /// 0 takes the most probable token; otherwise the logits are divided by it.
  package var temperature: Float = 0
  /// Only the `topK` largest logits stay (with ties at the cut); nil keeps all.
  package var topK: Int?
  /// The smallest set of most probable tokens whose sum reaches `topP` stays; nil keeps all.
  package var topP: Float?
  /// Tokens with less than `minP` times the largest probability go; nil keeps all.
  package var minP: Float?
  /// Locally typical sampling: the tokens closest to the expected information, up to this mass.
  package var typicalP: Float?
  /// Logits of tokens seen before are divided by it if positive and multiplied if negative; 1 does nothing.
  package var repetitionPenalty: Float = 1
  /// Subtracted once from the logit of every token generated before.
  package var presencePenalty: Float = 0
  /// Subtracted from a token's logit once for each time it was generated before.
  package var frequencyPenalty: Float = 0
  /// No sequence of this many tokens may occur twice; nil allows all.
  package var noRepeatNgramSize: Int?
  /// Same seed, same model, same prompt: the same text.
  package var seed = 0

  package init() {}

  /// How tokens were chosen, for a record: the values that have an effect.
  package var record: JSONObject {
    /// The number that was asked for: the shortest that gives this one.
    func number(_ value: Float) -> JSON { .double(Double(value.description) ?? Double(value)) }
    var record: JSONObject = ["temperature": number(temperature), "seed": .integer(seed)]
    for (name, value) in [("top_p", topP), ("min_p", minP), ("typical_p", typicalP)] {
      record[name] = value.map(number)
    }
    for (name, value) in [("top_k", topK), ("no_repeat_ngram_size", noRepeatNgramSize)] {
      record[name] = value.map(JSON.integer)
    }
    let penalties = [
      ("repetition_penalty", repetitionPenalty, Float(1)), ("presence_penalty", presencePenalty, 0),
      ("frequency_penalty", frequencyPenalty, 0),
    ]
    for (name, value, none) in penalties where value != none { record[name] = number(value) }
    return record
  }

  /// Throws `.usage` naming the first value that is out of its range.
  package func validate() throws(Failure) {
    func check(_ holds: Bool, _ name: String, _ value: some CustomStringConvertible, _ range: String)
      throws(Failure)
    {
      if !holds { throw .usage("\(name) is \(value); it must be \(range)") }
    }
    try check(temperature >= 0 && temperature.isFinite, "temperature", temperature, "0 or more")
    if let topK { try check(topK >= 1, "top-k", topK, "1 or more") }
    if let topP { try check(topP > 0 && topP <= 1, "top-p", topP, "above 0 and at most 1") }
    if let minP { try check(minP >= 0 && minP <= 1, "min-p", minP, "between 0 and 1") }
    if let typicalP { try check(typicalP > 0 && typicalP < 1, "typical-p", typicalP, "between 0 and 1") }
    if let noRepeatNgramSize {
      try check(noRepeatNgramSize >= 1, "no-repeat-ngram-size", noRepeatNgramSize, "1 or more")
    }
    try check(
      repetitionPenalty > 0 && repetitionPenalty.isFinite, "repetition-penalty", repetitionPenalty, "above 0")
    try check(presencePenalty.isFinite, "presence-penalty", presencePenalty, "a finite number")
    try check(frequencyPenalty.isFinite, "frequency-penalty", frequencyPenalty, "a finite number")
  }
}
