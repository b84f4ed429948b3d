// What mlt eval leaves behind and prints: records, a report, a manifest over both, a table.

import Evaluation
import Registry
import SafeIO
import TensorCore

extension Eval {
  /// Writes the output folder.
  func write(_ runs: [MeasuredRun]) throws {
    let provenance = try provenance(runs)
    try OutputDirectory.create(at: output.out, overwrite: output.overwrite) { staging in
      for run in runs {
        let name = runs.count == 1 ? "record.json" : "record-\(fileName(run.outcome.suite.name)).json"
        try Files.writeAtomically(run.json.text(.pretty(indent: 2)) + "\n", to: "\(staging)/\(name)")
      }
      try Files.writeAtomically(SuiteReport(runs).html, to: "\(staging)/report.html")
      try Manifest.seal(staging, provenance)
    }
  }

  private func provenance(_ runs: [MeasuredRun]) throws -> Provenance {
    var inputs: [ProvenanceInput] = []
    if let model { inputs.append(try .directory(role: "model", path: model)) }
    if let adapter { inputs.append(try .directory(role: "adapter", path: adapter)) }
    if let reference { inputs.append(try .directory(role: "reference", path: reference)) }
    if let file = text ?? data { inputs.append(try .file(role: "text", path: file)) }
    inputs += runs.map { run in
      ProvenanceInput(
        role: "suite", name: run.outcome.suite.name, digest: run.outcome.suite.digest, kind: .tree)
    }
    return Provenance(
      command: "eval", arguments: ["strategy": .string(strategy.rawValue)], inputs: inputs,
      instructionSet: InstructionSet.name, floatKernels: FloatProduct.libraryKernels,
      arithmetic: model.map { _ in precision.arithmetic.record })
  }

  /// A suite's name as part of a file name.
  private func fileName(_ name: String) -> String {
    String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) ? $0 : "-" })
  }

  /// Prints the records, or tables.
  func show(_ runs: [MeasuredRun]) {
    for run in runs {
      if common.json {
        Console.print(json: run.json)
      } else {
        show(run)
      }
    }
    if !common.json { Console.print("report: \(output.out)/report.html") }
  }

  private func show(_ run: MeasuredRun) {
    let outcome = run.outcome
    Console.print(
      Console.clean("\(outcome.suite.name), version \(outcome.suite.version), \(outcome.strategy) strategy"))
    Console.print("")
    let rows = SuiteReport.fixtures(outcome).map { row in row.map { Console.clean(String($0.prefix(100))) } }
    Console.print(Console.table(["fixture", "kind", "result", "reason"], rows))
    Console.print("")
    Console.print(
      Console.table(["kind", "passed", "of"], SuiteReport.scores(outcome).map { $0.map(Console.clean) }))
    if let text = run.text {
      var line = "perplexity \(Figures.fixed(text.perplexity, 4)) on \(text.scoredTokens) tokens"
      if let comparison = text.comparison, let reference = run.reference {
        let ratio = text.perplexity / comparison.referencePerplexity
        line +=
          ", \(Words.fixed(ratio, 4)) of \(reference.name)'s; KL-divergence from it "
          + Figures.small(comparison.divergence)
      }
      Console.print("")
      Console.print(Console.clean(line))
    }
    Console.print("")
  }
}
