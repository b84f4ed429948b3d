// What every strategy must return, whatever it is: one structure, so that rules, models and endpoints are judged
// by the same checks. Decoding from text that a model wrote is in `TriageResult+Decoding.swift`.

import SafeIO

/// The answer to a triage task.
package struct TriageResult: Sendable, Equatable {
  /// One claim about one place.
  package struct Finding: Sendable, Equatable {
    /// Path of the file, relative to the repository, with `/`.
    package var file: String
    /// What is wrong, in words.
    package var issue: String
    /// The line of the file that shows it.
    package var evidence: String
    /// How sure the strategy is, 0…1.
    package var confidence: Double

    package init(file: String, issue: String, evidence: String, confidence: Double) {
      self.file = file
      self.issue = issue
      self.evidence = evidence
      self.confidence = confidence
    }
  }

  package var summary: String
  package var filesInspected: [String]
  package var findings: [Finding]
  package var recommendedNextStep: String

  package init(summary: String, filesInspected: [String], findings: [Finding], recommendedNextStep: String) {
    self.summary = summary
    self.filesInspected = filesInspected
    self.findings = findings
    self.recommendedNextStep = recommendedNextStep
  }

  /// The result as JSON, keys in the order of the documented form.
  package var json: JSON {
    [
      "summary": .string(summary),
      "files_inspected": .array(filesInspected.map { .string($0) }),
      "findings": .array(
        findings.map { finding in
          [
            "file": .string(finding.file), "issue": .string(finding.issue),
            "evidence": .string(finding.evidence), "confidence": .double(finding.confidence),
          ]
        }),
      "recommended_next_step": .string(recommendedNextStep),
    ]
  }

  /// Every word the result says, one piece a line: where expected keywords are looked for.
  package var text: String {
    var pieces = [summary]
    for finding in findings { pieces += [finding.file, finding.issue, finding.evidence] }
    pieces.append(recommendedNextStep)
    return pieces.joined(separator: "\n")
  }
}
