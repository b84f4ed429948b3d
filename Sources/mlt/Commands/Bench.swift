// mlt bench: speed on this machine, beside what the machine could do at best.

import ArgumentParser
import Benchmarks
import Registry
import SafeIO
import TensorCore

/// The `bench` command.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure speed beside the machine's limits.",
    discussion: """
      Suites: limits (memory, instructions, OpenBLAS), kernels, decode, prefill, train (LoRA), quantize, io (convert, \
      verify, start-up). Without any: limits, kernels, decode, prefill. The limits are measured again beside every run, \
      since a machine's speed moves. Models are random ones of a named shape, made in a temporary folder, or --model.

      EXAMPLE
        mlt bench
        mlt bench decode prefill --shape llama-1b --bits 4
        mlt bench train --shape llama-135m --json > before.json
        mlt bench train --shape llama-135m --baseline before.json
      """)

  @Argument(help: "Suites: \(BenchmarkSuite.allCases.map(\.rawValue).joined(separator: ", ")).")
  var suites: [BenchmarkSuite] = []

  @Option(
    help: ArgumentHelp(
      "Shape of the random model: \(ModelShape.all.map(\.name).joined(separator: ", ")). Default: llama-135m.",
      valueName: "name"))
  var shape: String?

  @Option(help: ArgumentHelp("A real model instead.", valueName: "dir"))
  var model: String?

  @Option(help: "Bits of a weight: 16, 8, 6, 5, 4, 3 or 2. Default: what the suite compares.")
  var bits: Int?

  @Option(help: "Columns that share a scale.")
  var groupSize = 64

  @Option(help: "Sequences side by side. Default: 8 to decode, 4 to train.")
  var batch: Int?

  @Option(help: "Tokens of a prompt, or of a row to train on.")
  var prompt = 512

  @Option(help: "Tokens to decode.")
  var tokens = 64

  @Option(name: .customLong("repeat"), help: "Measurements of each figure; the median is shown.")
  var runs = 5

  @Flag(help: "Measure f32 products only.")
  var exact = false

  @Option(help: "Of the random numbers.")
  var seed = 0

  @Option(
    help: ArgumentHelp("An earlier run's JSON: prints how many times better this one is.", valueName: "file"))
  var baseline: String?

  @Flag(help: "Keep OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE, which are cleared otherwise.")
  var keepEnvironment = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    for (flag, value) in [("repeat", runs), ("prompt", prompt), ("tokens", tokens), ("batch", batch ?? 1)]
    where value < 1 {
      throw ValidationError("--\(flag) must be at least 1")
    }
    if let bits, bits != 16, !GroupedAffineWeights.supportedBits.contains(bits) {
      throw ValidationError("--bits can be 16, 8, 6, 5, 4, 3 or 2")
    }
    guard GroupedAffineWeights.supportedGroupSizes.contains(groupSize) else {
      throw ValidationError("--group-size can be 32, 64 or 128")
    }
    if model != nil, shape != nil { throw ValidationError("Give either --model or --shape.") }
  }

  func run() throws {
    let cleared = LibraryEnvironment.settings
    if !cleared.isEmpty && !keepEnvironment {
      if !common.quiet {
        Console.note(
          "mlt: measuring without \(cleared.joined(separator: " and ")), which slow OpenBLAS down; "
            + "other commands obey them until you unset them")
      }
      LibraryEnvironment.restart()
    }
    let progress = common.start()
    let options = try options()
    let baseline = try baseline.map { try Baseline(path: $0) }
    let suites = chosenSuites
    let harness = Harness(options, progress: progress)
    let models = try BenchmarkModels(options, progress: progress)
    defer { models.remove() }
    let warnings = LibraryEnvironment.warnings
    if !common.json { Console.print(Machine.summary(threads: options.threads)) }
    for warning in warnings where !common.quiet { Console.note("warning: \(warning)") }
    for suite in suites {
      let before = harness.results.count
      try suite.run(harness, models: models)
      if !common.json { show(suite, Array(harness.results[before...]), baseline) }
    }
    let report = BenchmarkReport(
      options: options, suites: suites, results: harness.results, baseline: baseline, warnings: warnings)
    if common.json { Console.print(json: report.json(version: Version.current)) } else { close(report) }
  }

  /// The suites in their order; the limits always come first.
  private var chosenSuites: [BenchmarkSuite] {
    let wanted = suites.isEmpty ? [.kernels, .decode, .prefill] : suites
    return BenchmarkSuite.allCases.filter { $0 == .limits || wanted.contains($0) }
  }

  private func options() throws -> BenchmarkOptions {
    var options = BenchmarkOptions(shape: try ModelShape(named: shape ?? "llama-135m"))
    options.isShapeChosen = shape != nil
    options.bits = bits
    options.groupSize = groupSize
    options.batch = batch
    options.prompt = prompt
    options.tokens = tokens
    options.runs = runs
    options.isExact = exact
    options.seed = seed
    if let model { try options.use(model: model) }
    return options
  }

  private func show(_ suite: BenchmarkSuite, _ results: [BenchmarkResult], _ baseline: Baseline?) {
    guard !results.isEmpty else { return }
    let rows = results.map { $0.cells(baseline?.comparison($0)) }
    Console.print(
      "\n\(suite.rawValue)\n" + Console.table(BenchmarkResult.headings(comparing: baseline != nil), rows))
  }

  /// What is to be said at the end.
  private func close(_ report: BenchmarkReport) {
    guard let baseline = report.baseline else { return }
    if let processor = baseline.processor, processor != Machine.processor {
      Console.print("\nthe baseline was measured on another processor: \(processor)")
    }
    if !report.missing.isEmpty {
      Console.print("\nin the baseline, but not in this run:\n  " + report.missing.joined(separator: "\n  "))
    }
  }
}

extension BenchmarkSuite: ExpressibleByArgument {}
