// The strategy without a model: rules for common shapes of faults, causes in logs, and text that gives orders. It is
// what a model has to beat, and it says nothing when no rule sees anything.

import SafeIO

/// Triage by rules.
package final class DeterministicStrategy: Strategy {
  package let name = "deterministic"

  package init() {}

  /// Every rule; their order decides nothing.
  static let rules: [any TriageRule] = [
    DivisionRule(), MissingKeyRule(), RangeRule(), FormulaRule(), OperationNameRule(), UnclosedFileRule(),
    IdentityRule(),
    SecretRule(), MutableDefaultRule(), SwallowedExceptionRule(), MissingAwaitRule(),
    ContradictedConditionRule(),
    DangerousCallRule(), InjectionRule(), LogRule(),
  ]

  /// At most this many findings; more would be guessing.
  private static let findingLimit = 3
  private static let leastConfidence = 0.4

  package func triage(_ task: TriageTask, tools: ToolBox) throws -> StrategyAnswer {
    var reader = RepositoryReader(tools)
    let repository = try reader.read()
    var reports: [RuleReport] = []
    for rule in Self.rules {
      try tools.checkTime()
      reports += rule.reports(on: repository)
    }
    return StrategyAnswer(Self.result(reports, inspected: reader.inspected))
  }

  /// The surest reports, one a line of code; of equal ones the first by file and line.
  private static func result(_ reports: [RuleReport], inspected: [String]) -> TriageResult {
    let sorted = reports.filter { $0.confidence >= leastConfidence }.sorted { left, right in
      if left.confidence != right.confidence { return left.confidence > right.confidence }
      return (left.file, left.line, left.issue) < (right.file, right.line, right.issue)
    }
    var seen: Set<String> = []
    let kept = sorted.filter { seen.insert("\($0.line) \($0.file)").inserted }.prefix(findingLimit)
    guard let first = kept.first else {
      return TriageResult(
        summary: "No rule saw a fault in the \(inspected.count) files that were read.",
        filesInspected: inspected,
        findings: [], recommendedNextStep: "Reproduce the problem and look at the code by hand.")
    }
    return TriageResult(
      summary: "\(first.file), line \(first.line): \(first.issue)", filesInspected: inspected,
      findings: kept.map {
        TriageResult.Finding(
          file: $0.file, issue: $0.issue, evidence: bounded($0.evidence), confidence: $0.confidence)
      }, recommendedNextStep: first.nextStep)
  }

  /// Evidence within the bound of the result's form.
  private static func bounded(_ line: String) -> String {
    String(line.unicodeScalars.prefix(TriageResult.Bound.characters))
  }
}
