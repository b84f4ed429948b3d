// mlt perplexity: how well a model predicts a text, and how far its predictions are from another model's.

import ArgumentParser
import Evaluation
import Models
import SafeIO
import TensorCore
import Tokenization

/// The command `mlt perplexity`.
struct Perplexity: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure perplexity on a text, and KL-divergence.",
    discussion: """
      A text is cut into windows of --context tokens, --stride apart; each token is scored once, by the first window \
      that holds it and does not begin with it. With --data each line of a JSONL file is a document of its own that \
      begins with the beginning-of-text token, cut to the context. A reference model is computed in f32 throughout, so \
      a model compared with itself shows what its rounding costs.

      EXAMPLE
        mlt perplexity --model base --text wiki.txt --context 512
        mlt perplexity --model base-4bit --data stories.jsonl --reference base
      """)

  @Option(help: ArgumentHelp("Model folder.", valueName: "dir"))
  var model: String

  @Option(
    name: [.long, .customLong("adapter-path")],
    help: ArgumentHelp("Adapter folder, PEFT or mlx-lm.", valueName: "dir"))
  var adapter: String?

  @Option(help: ArgumentHelp("UTF-8 text.", valueName: "file"))
  var text: String?

  @Option(help: ArgumentHelp("JSONL, a document a line.", valueName: "file"))
  var data: String?

  @Option(help: ArgumentHelp("The key of the text in each line of --data.", valueName: "key"))
  var textKey = "text"

  @Option(
    help: ArgumentHelp("Tokens in a window. Default: the model's context, at most 512.", valueName: "n"))
  var context: Int?

  @Option(help: ArgumentHelp("Tokens between windows of --text. Default: a window's length.", valueName: "n"))
  var stride: Int?

  @Flag(help: "Put the beginning-of-text token before each window of --text.")
  var bos = false

  @Option(help: ArgumentHelp("Only the first windows or documents.", valueName: "n"))
  var limit: Int?

  @Option(
    name: [.long, .customLong("reference-model")],
    help: ArgumentHelp("Compare with this: a model folder, or logits of --save-logits.", valueName: "path"))
  var reference: String?

  @Option(help: ArgumentHelp("Keep the logits for a later --reference.", valueName: "file"))
  var saveLogits: String?

  @Option(
    help: ArgumentHelp(
      "Write the log-likelihood of every token: .safetensors, .json (null where not scored), else a line each.",
      valueName: "file"))
  var logprobs: String?

  @OptionGroup var precision: ArithmeticOptions

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if (text == nil) == (data == nil) { throw ValidationError("Give either --text or --data.") }
    if data != nil, stride != nil || bos {
      throw ValidationError(
        "--stride and --bos are for --text; documents of --data are not cut into windows.")
    }
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1.") }
  }

  func run() throws {
    let progress = common.start()
    let opened = try OpenedModel(
      path: model, adapter: adapter, arithmetic: precision.arithmetic, quiet: common.quiet)
    let plan = try plan(opened.directory, context: context)
    let source = DecoderDistributions(opened.decoder, name: model)
    let writer = try saveLogits.map {
      try SavedDistributionsWriter(path: $0, plan: plan, vocabularySize: source.vocabularySize)
    }
    let result = try Evaluation.Perplexity.measure(
      source, plan: plan, reference: try reference(plan), writer: writer, progress: progress)
    if let logprobs { try LogLikelihoodFile.write(result.logLikelihoods, to: logprobs) }
    if common.json {
      Console.print(json: json(result, plan))
    } else {
      report(result, plan)
    }
  }

  /// The windows or documents as a model's tokens.
  private func plan(_ directory: ModelDirectory, context: Int?) throws -> ScoringPlan {
    let tokenizer = try Tokenizer.load(directory: directory.path)
    try tokenizer.checkFit(
      vocabulary: directory.spec.vocabularySize, source: "\(directory.path)/tokenizer.json")
    var settings = ScoringPlan.Settings()
    settings.context = context
    settings.stride = stride
    settings.beginsWindows = bos
    settings.limit = limit
    settings.textKey = textKey
    if let data { return try ScoringPlan(documentFile: data, directory, tokenizer, settings) }
    return try ScoringPlan(textFile: text ?? "", directory, tokenizer, settings)
  }

  private func reference(_ plan: ScoringPlan) throws -> (any DistributionSource)? {
    guard let reference else { return nil }
    guard Files.isDirectory(reference) else { return try SavedDistributions(path: reference, plan: plan) }
    let opened = try OpenedModel(path: reference, arithmetic: .exact, quiet: common.quiet)
    guard try self.plan(opened.directory, context: plan.context) == plan else {
      throw Failure.badData(reference, "reads the text as other tokens than \(model); they can't be compared")
    }
    return DecoderDistributions(opened.decoder, name: reference)
  }

  private func json(_ result: Evaluation.Perplexity, _ plan: ScoringPlan) -> JSON {
    var record: JSONObject = [
      "version": 1, "perplexity": .double(result.perplexity), "nll": .double(result.negativeLogLikelihood),
      "mean_nll": .double(result.meanNegativeLogLikelihood), "scored_tokens": .integer(result.scoredTokens),
      "tokens": .integer(plan.tokenCount), "windows": .integer(plan.windows.count),
      "context": .integer(plan.context), "stride": plan.stride.map(JSON.integer) ?? .null,
      "arithmetic": .string(precision.arithmetic.record),
    ]
    if let divergence = result.divergence {
      record["kl_divergence"] = [
        "mean": .double(divergence.mean), "p99.9": .double(divergence.quantile(0.999)),
        "max": .double(divergence.maximum), "same_top": .double(divergence.sameTopShare),
        "reference": .string(reference ?? ""),
      ]
    }
    return .object(record)
  }

  private func report(_ result: Evaluation.Perplexity, _ plan: ScoringPlan) {
    let stride = plan.stride.map { ", stride \($0)" } ?? ""
    Console.print(
      "perplexity \(Words.fixed(result.perplexity, 4))  (\(result.scoredTokens) of \(plan.tokenCount) tokens scored, "
        + "context \(plan.context)\(stride))")
    guard let divergence = result.divergence else { return }
    Console.print(
      "KL-divergence from \(reference ?? ""): mean \(Words.fixed(divergence.mean, 6)), "
        + "99.9 % \(Words.fixed(divergence.quantile(0.999), 6)), max \(Words.fixed(divergence.maximum, 6)); "
        + "same first choice \(Words.fixed(divergence.sameTopShare * 100, 2)) %")
  }
}
