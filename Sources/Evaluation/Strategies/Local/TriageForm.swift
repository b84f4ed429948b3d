// A form of asking: from what is seen of a repository to an answer. Forms differ in what the model reads and
// decides; what they share is the view before and the result after.

import Generation
import SafeIO

/// How one kind of model is asked.
protocol TriageForm {
  /// Answers a question about a repository.
  ///
  /// - Parameters:
  ///   - check: called between passes through the model; throws when time is up.
  /// - Throws: `StrategyStop` when the question can't be put to the model; what `check` throws.
  func answer(
    _ question: String, about view: RepositoryView, with model: LanguageModel, check: () throws -> Void
  ) throws -> StrategyAnswer

  /// What determines the answer beside the model, for the record.
  var parameters: JSON { get }
}
