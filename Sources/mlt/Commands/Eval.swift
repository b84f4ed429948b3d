// mlt eval: a strategy over the fixtures, judged and measured, as an evaluation record and a report.

import ArgumentParser
import Evaluation
import FineTuning
import Generation
import Models
import Registry
import SafeIO
import TensorCore

/// The command `mlt eval`.
struct Eval: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the fixtures on a model: a record for the gate.",
    discussion: """
      Every fixture is a small repository to be triaged; the answer is checked for its form, its file, its evidence \
      and its tool calls. --text or --data adds perplexity, --reference KL-divergence from another model. The folder \
      OUT gets record.json, which mlt promote reads (one record-NAME.json a suite if there are several), and \
      report.html.

      EXAMPLE
        mlt eval --model base-4bit --data data/perplexity.jsonl \\
          --reference base --out evaluation
        mlt eval --strategy deterministic --suite my-fixtures --out rules

      Exit status: 0 measured; 1 below --min-pass; 69 the strategy is unavailable here.
      """)

  @Option(help: ArgumentHelp("Model folder; the deterministic strategy needs none.", valueName: "dir"))
  var model: String?

  @Option(
    name: [.long, .customLong("adapter-path")],
    help: ArgumentHelp("Adapter folder, PEFT or mlx-lm.", valueName: "dir"))
  var adapter: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Suite folders. Default: data/fixtures.", valueName: "dir"))
  var suite: [String] = []

  @Option(help: "How the repositories are triaged: \(StrategyName.allValueStrings.joined(separator: ", ")).")
  var strategy = StrategyName.local

  @Option(
    name: [.long, .customLong("perplexity-text")],
    help: ArgumentHelp("Measure perplexity on this UTF-8 text.", valueName: "file"))
  var text: String?

  @Option(help: ArgumentHelp("Measure perplexity on this JSONL, a document a line.", valueName: "file"))
  var data: String?

  @Option(
    name: [.long, .customLong("reference-model")],
    help: ArgumentHelp("Measure KL-divergence from this model on the same text.", valueName: "dir"))
  var reference: String?

  @Option(
    help: ArgumentHelp("Exit with 1 when a smaller share of the fixtures passes, 0…1.", valueName: "share"))
  var minPass: Double?

  @OptionGroup var precision: ArithmeticOptions

  @OptionGroup var output: OutputOptions

  @OptionGroup var common: CommonOptions

  /// The strategies by name.
  enum StrategyName: String, CaseIterable, ExpressibleByArgument {
    case deterministic
    case local
    case hosted
    case hybrid
  }

  private static let defaultSuite = "data/fixtures"

  func validate() throws {
    if text != nil, data != nil { throw ValidationError("Give --text or --data, not both.") }
    if reference != nil, text == nil, data == nil {
      throw ValidationError("--reference compares on a text: give --text or --data.")
    }
    if model == nil, adapter != nil || text != nil || data != nil {
      throw ValidationError("--adapter, --text and --data need --model.")
    }
    if let minPass, !(0...1).contains(minPass) {
      throw ValidationError("--min-pass must be between 0 and 1.")
    }
  }

  func run() throws {
    let progress = common.start()
    try output.check(reading: [model, adapter, reference])
    let suites = try loadSuites()
    let language = try model.map {
      try LanguageModel(
        path: $0, adapter: adapter, arithmetic: precision.arithmetic, quiet: common.quiet)
    }
    let evaluated = try language.map {
      try EvaluatedModel($0.directory, adapterFile: adapter.map(AdapterFiles.weights(of:)))
    }
    let (strategy, generation) = try openStrategy(language)
    let outcomes = try suites.map { try SuiteRun($0).run(strategy, progress: progress) }
    // Before texts and a reference are opened, which a model in use does not need.
    let peak = MemoryMeter.processPeakBytes
    let measured = try language.flatMap { try measureText($0, progress) }
    let referenceArtifact = try reference.map { try EvaluatedModel.Artifact(folder: $0) }
    let runs = outcomes.map {
      MeasuredRun(
        outcome: $0, model: evaluated, reference: referenceArtifact, text: measured, generation: generation,
        peakMemoryBytes: peak, machine: .current, arithmetic: language.map { _ in precision.arithmetic })
    }
    try write(runs)
    show(runs)
    try conclude(outcomes)
  }

  private func loadSuites() throws -> [Suite] {
    if suite.isEmpty, !Files.isDirectory(Self.defaultSuite) {
      throw Failure.usage("there is no folder \(Self.defaultSuite) here; give the fixtures with --suite")
    }
    let suites = try (suite.isEmpty ? [Self.defaultSuite] : suite).map(Suite.load)
    for (index, one) in suites.enumerated() where suites[..<index].contains(where: { $0.name == one.name }) {
      throw Failure.usage("two suites are named '\(one.name)'; their records would overwrite each other")
    }
    return suites
  }

  /// The strategy, and what determines its answers beside the model.
  private func openStrategy(_ language: LanguageModel?) throws -> (any Strategy, JSON) {
    switch strategy {
    case .deterministic:
      return (DeterministicStrategy(), .null)
    case .local:
      guard let language else {
        return (UnavailableStrategy(name: "local", reason: "no model is given; name one with --model"), .null)
      }
      let local = try LocalStrategy(language)
      return (local, local.generationParameters)
    case .hosted, .hybrid:
      let reason = "no endpoint can be configured in this version; use deterministic or local"
      return (UnavailableStrategy(name: strategy.rawValue, reason: reason), .null)
    }
  }

  /// The text as a model's tokens; nil when none is to be measured.
  private func plan(_ language: LanguageModel) throws -> ScoringPlan? {
    if let text { return try ScoringPlan(textFile: text, language.directory, language.tokenizer) }
    return try data.map { try ScoringPlan(documentFile: $0, language.directory, language.tokenizer) }
  }

  private func measureText(_ language: LanguageModel, _ progress: ConsoleProgress?) throws -> TextMeasurement?
  {
    guard let plan = try plan(language) else { return nil }
    let other = try reference.map { path in
      let other = try LanguageModel(path: path)
      guard try self.plan(other) == plan else {
        throw Failure.badData(
          path, "reads the text as other tokens than the model; they can't be compared")
      }
      return DecoderDistributions(other.decoder, name: path)
    }
    return try TextMeasurement.run(
      DecoderDistributions(language.decoder, name: language.path), plan: plan, reference: other,
      progress: progress)
  }

  private func conclude(_ outcomes: [SuiteOutcome]) throws {
    if let reason = outcomes.lazy.compactMap(\.unavailable).first {
      throw Failure.unavailable("the \(strategy.rawValue) strategy is unavailable: \(reason)")
    }
    guard let minPass else { return }
    for outcome in outcomes where Double(outcome.passedCount) < minPass * Double(outcome.outcomes.count) {
      throw Failure.refused(
        "\(outcome.suite.name): \(outcome.passedCount) of \(outcome.outcomes.count) fixtures passed, fewer than the "
          + "share of \(minPass) that --min-pass asks for")
    }
  }
}
