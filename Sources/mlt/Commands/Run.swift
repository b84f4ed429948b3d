// mlt run: a recipe, step by step.

import ArgumentParser
import Pipelines
import SafeIO

/// Runs a recipe.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a recipe, skipping steps that have not changed.",
    discussion: """
      The whole recipe is checked before its first step. Each step runs as a process of its own; what it printed \
      stays in OUT/.steps. A step runs again when mlt, its arguments, the content of what it reads or of what it \
      wrote has changed. A run that was stopped goes on when it is run again. --set changes what the recipe lists \
      under variables; docs/recipes.md has all keys.

      EXAMPLE
        mlt run recipes/main-job.yaml
        mlt run recipes/main-job.yaml --from lora
        mlt run my-recipe.yaml --set model=Llama-3.2-1B --out llama
      """)

  @Argument(help: "The recipe, a YAML file.")
  var recipe: String

  @Option(name: .shortAndLong, help: "The folder to write to, instead of the recipe's.")
  var out: String?

  @Option(name: .customLong("set"), help: "Give a variable of the recipe another value: NAME=VALUE.")
  var variables: [String] = []

  @Option(name: .customLong("from"), help: "Run this step and all after it, whatever has changed.")
  var first: String?

  @Flag(help: "Run every step.")
  var force = false

  @OptionGroup var common: CommonOptions

  func run() throws {
    let recipe = try Recipe(path: recipe, settings: settings(), commands: Run.commands) { arguments in
      do {
        _ = try Mlt.parseAsRoot(arguments)
      } catch {
        throw Failure.usage(Mlt.message(for: error))
      }
    }
    let run = try RecipeRun(recipe, executable: "/proc/self/exe", isQuiet: common.quiet) {
      if !common.quiet { Console.note("waiting for another run that writes to \(recipe.out)") }
    }
    let start = ContinuousClock.now
    var skipped = 0
    try run.run(force: force, from: first) { number, step in
      // The step's own progress, and then its line, take this one's place.
      if drawsProgress { Console.draw("[\(number)/\(recipe.steps.count)] \(step.name) …\r") }
    } end: { report in
      if drawsProgress { Console.draw("\r\u{1b}[K") }
      if report.outcome == .skipped { skipped += 1 }
      show(report)
    }
    summarize(recipe, skipped: skipped, seconds: (ContinuousClock.now - start) / .seconds(1))
  }

  private var drawsProgress: Bool { Console.isInteractive && !common.json && !common.quiet }

  /// The commands that a recipe may chain: all but this one.
  private static var commands: [String] {
    let configuration = Mlt.configuration
    let all = configuration.subcommands + configuration.groupedSubcommands.flatMap(\.subcommands)
    return all.map { $0._commandName }.filter { $0 != Run._commandName }
  }

  private func settings() throws -> Recipe.Settings {
    var values: [String: String] = [:]
    for text in variables {
      guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
        throw Failure.usage("--set \(text): expected NAME=VALUE")
      }
      values[String(text[..<equals])] = String(text[text.index(after: equals)...])
    }
    return Recipe.Settings(out: out, variables: values)
  }

  private func show(_ report: StepReport) {
    if common.json { return Console.print(json: report.json) }
    let place = "[\(report.number)/\(report.of)] \(report.step.name)"
    switch report.outcome {
    case _ where common.quiet: break
    case .skipped: Console.print("\(place): unchanged, skipped")
    case .done:
      let refusal = report.step.expected == 0 ? "" : ", refused as it should be"
      let change = report.change.map { "  (\($0))" } ?? ""
      Console.print(
        "\(place)\(refusal)  \(Words.seconds(report.seconds))  peak \(Words.bytes(report.peakMemory))\(change)"
      )
    case .failed: Console.print("\(place): failed after \(Words.seconds(report.seconds))")
    }
    if report.step.isShown && report.outcome != .failed,
      let text = try? Files.readText(path: report.outputPath, limit: 16 << 20)
    {
      Console.print(Console.clean(text.hasSuffix("\n") ? String(text.dropLast()) : text))
    }
  }

  private func summarize(_ recipe: Recipe, skipped: Int, seconds: Double) {
    let done = recipe.steps.count - skipped
    if common.json {
      Console.print(json: [
        "version": 1, "recipe": .string(recipe.name), "out": .string(recipe.out), "done": .integer(done),
        "skipped": .integer(skipped), "seconds": .double((seconds * 1000).rounded() / 1000),
      ])
    } else {
      Console.print(
        "\(recipe.name): \(Words.count(done, "step")) done, \(skipped) skipped, \(Words.seconds(seconds)); see \(recipe.out)"
      )
    }
  }
}
