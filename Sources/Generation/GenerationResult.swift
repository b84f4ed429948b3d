// What generation is asked for, and what it gives back with its measurements.

import SafeIO

/// What to generate and when to stop.
package struct GenerationOptions: Sendable {
  package var sampling = SamplingOptions()
  /// Most tokens to generate; the context may end the text earlier.
  package var maximumTokens = 256
  /// Generation ends before the first of these texts.
  package var stopStrings: [String] = []

  package init() {}

  /// Throws `.usage` naming the first value that is out of its range.
  package func validate() throws(Failure) {
    try sampling.validate()
    if maximumTokens < 1 { throw .usage("max-tokens is \(maximumTokens); it must be 1 or more") }
    if stopStrings.contains("") { throw .usage("a stop string is empty") }
  }
}

/// Why a text ended.
package enum StopReason: String, Sendable {
  /// The model produced an end-of-text token.
  case endOfText = "eos"
  /// One of the stop strings came up.
  case stopString = "stop"
  /// The text is a whole of the required form.
  case complete = "complete"
  /// As many tokens as allowed.
  case length = "length"
  /// The model's context is full.
  case context = "context"
}

/// A generated text and how it came about.
package struct GenerationResult: Sendable {
  /// The generated tokens, without the one that ended the text.
  package var ids: [Int32] = []
  package var text = ""
  package var promptTokens = 0
  package var stopReason = StopReason.length
  /// Seconds from the call to the first token, reading the prompt included.
  package var timeToFirstToken = 0.0
  /// Tokens after the first in a second; 0 when there is one token or none.
  package var tokensPerSecond = 0.0
  /// Prompt tokens read in a second.
  package var promptTokensPerSecond = 0.0

  package var outputTokens: Int { ids.count }

  /// The measurement record of one text.
  package var record: JSONObject {
    [
      "prompt_tokens": .integer(promptTokens),
      "output_tokens": .integer(outputTokens),
      "time_to_first_token_seconds": .double(timeToFirstToken),
      "tokens_per_second": .double(tokensPerSecond),
      "prompt_tokens_per_second": .double(promptTokensPerSecond),
      "stop_reason": .string(stopReason.rawValue),
    ]
  }
}
