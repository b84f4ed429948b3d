// The sampling flags of mlt generate.

import ArgumentParser
import Generation

/// How tokens are chosen, by the names that mlx-lm and llama.cpp use.
struct SamplingFlags: ParsableArguments {
  @Option(name: .shortAndLong, help: "Most tokens to generate.")
  var maxTokens = 256

  @Option(
    name: [.long, .customLong("temperature")], parsing: .unconditional,
    help: "Temperature; 0 always takes the most probable token.")
  var temp: Double = 0

  @Option(parsing: .unconditional, help: "Keep the most probable tokens up to this mass; 1 keeps all.")
  var topP: Double = 1

  @Option(parsing: .unconditional, help: "Keep this many of the most probable tokens; 0 keeps all.")
  var topK = 0

  @Option(
    parsing: .unconditional,
    help: "Keep tokens with at least this share of the largest probability; 0 keeps all.")
  var minP: Double = 0

  @Option(
    parsing: .unconditional,
    help: "Keep the tokens nearest to the expected surprise up to this mass; 1 keeps all.")
  var typicalP: Double = 1

  @Option(parsing: .unconditional, help: "Divide the logits of tokens seen before by this; 1 does nothing.")
  var repetitionPenalty: Double = 1

  @Option(parsing: .unconditional, help: "Subtract this from the logits of tokens generated before.")
  var presencePenalty: Double = 0

  @Option(
    parsing: .unconditional, help: "Subtract this from a token's logit for each time it was generated before."
  )
  var frequencyPenalty: Double = 0

  @Option(parsing: .unconditional, help: "No sequence of this many tokens may occur twice; 0 allows all.")
  var noRepeatNgramSize = 0

  @Option(parsing: .unconditional, help: "Seed of the random numbers.")
  var seed = 0

  var options: SamplingOptions {
    var options = SamplingOptions()
    options.temperature = Float(temp)
    options.topK = topK == 0 ? nil : topK
    options.topP = topP == 1 ? nil : Float(topP)
    options.minP = minP == 0 ? nil : Float(minP)
    options.typicalP = typicalP == 1 ? nil : Float(typicalP)
    options.noRepeatNgramSize = noRepeatNgramSize == 0 ? nil : noRepeatNgramSize
    options.repetitionPenalty = Float(repetitionPenalty)
    options.presencePenalty = Float(presencePenalty)
    options.frequencyPenalty = Float(frequencyPenalty)
    options.seed = seed
    return options
  }
}
