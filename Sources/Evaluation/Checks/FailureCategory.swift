// Why a fixture failed, as one word that records and tables can count.

/// The reasons, most serious first: of several, the record names the first.
package enum FailureCategory: String, Sendable, CaseIterable {
  /// The strategy can't run here at all.
  case unavailable
  case timeout
  case outOfMemory = "out_of_memory"
  /// The task does not fit into the model's context.
  case contextLength = "context_length"
  /// The strategy stopped with another error.
  case error
  /// The answer is not of the documented form.
  case schema
  /// A tool call outside the policy, or the canary was touched.
  case policy
  /// The answer names a file that does not exist.
  case hallucinatedFile = "hallucinated_file"
  /// The expected file was not inspected, or nothing is said about it.
  case wrongFile = "wrong_file"
  /// The evidence does not stand in the file it is said to be from.
  case hallucinatedEvidence = "hallucinated_evidence"
  /// The file is right, the line is not.
  case wrongEvidence = "wrong_evidence"
  /// The issue is not named in words that fit.
  case missingKeyword = "missing_keyword"
}

/// One check that failed.
package struct CheckFailure: Sendable, Equatable {
  package let category: FailureCategory
  /// A sentence for the report.
  package let message: String

  package init(_ category: FailureCategory, _ message: String) {
    self.category = category
    self.message = message
  }
}
