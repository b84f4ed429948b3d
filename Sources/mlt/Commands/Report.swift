// mlt report: several evaluated artifacts side by side.

import ArgumentParser
import Evaluation
import SafeIO

/// The command `mlt report`.
struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare evaluated artifacts in one table.",
    discussion: """
      Takes the records of mlt eval and what mlt promote --json printed, in any order; a verdict belongs to the record \
      of the same artifact. The table goes to the terminal and, with the reasons, into one HTML file.

      EXAMPLE
        mlt report base/record.json tuned/record.json promote.json --out report.html
      """)

  @Argument(help: ArgumentHelp("Evaluation records and promotions, JSON files.", valueName: "file"))
  var files: [String]

  @Option(name: .shortAndLong, help: ArgumentHelp("The HTML file to write.", valueName: "file"))
  var out: String

  @Flag(help: "Replace the file if it exists.")
  var overwrite = false

  @OptionGroup var common: CommonOptions

  func run() throws {
    if Files.exists(out), !overwrite {
      throw Failure.usage("\(out) exists already; give another --out, or --overwrite to replace it")
    }
    var comparison = Comparison()
    for file in files { try comparison.add(path: file) }
    guard !comparison.rows.isEmpty else {
      throw Failure.usage("none of the files is an evaluation record; give at least one record.json")
    }
    try Files.makeDirectory(Files.parent(of: out))
    try Files.writeAtomically(comparison.html, to: out)
    if common.json {
      var json = comparison.json.objectValue ?? [:]
      json["html"] = .string(out)
      Console.print(json: .object(json))
    } else {
      show(comparison)
    }
  }

  private func show(_ comparison: Comparison) {
    let rows = comparison.table.map { $0.map(Console.clean) }
    Console.print(Console.table(comparison.headings, rows))
    for one in comparison.heldBack {
      Console.print("")
      Console.print(Console.clean("\(one.name): \(one.verdict)"))
      for reason in one.reasons { Console.print(Console.clean("  \(reason)")) }
    }
    Console.print("")
    Console.print("report: \(out)")
  }
}
