// The local strategy: any model that mlt can load. It reads the repository through the tools and puts it to the
// model in the form that the model declares. Whatever the model is, the answer fits the schema, names files that
// exist and quotes lines that stand in them, because nothing else can be generated.

import Generation
import SafeIO

/// Asks a model on this machine.
package final class LocalStrategy: Strategy {
  package let name = "local"
  private let model: LanguageModel
  private let form: any TriageForm

  /// A strategy for a model in the form it declares.
  ///
  /// Throws `.badData` when the declaration does not fit the model: tokens it does not have, a chat form without a
  /// chat template.
  package init(_ model: LanguageModel) throws(Failure) {
    self.model = model
    let declaration = try TriageDeclaration.load(
      directory: model.path, hasChatTemplate: model.chatTemplate != nil)
    switch declaration {
    case .chat: form = try ConversationForm(model, usesTemplate: true)
    case .plain: form = try ConversationForm(model, usesTemplate: false)
    case .lineMarking(let marking): form = try LineMarkingForm(marking, model)
    }
  }

  /// What determines the answers beside the model, for the record.
  package var generationParameters: JSON { form.parameters }

  package func triage(_ task: TriageTask, tools: ToolBox) throws -> StrategyAnswer {
    let view = try RepositoryView(tools)
    guard !view.files.isEmpty else {
      return StrategyAnswer(
        TriageResult(
          summary: "The repository has no text to look at.", filesInspected: view.inspected, findings: [],
          recommendedNextStep: "Check that the repository holds what was meant to be triaged."))
    }
    return try form.answer(task.question, about: view, with: model, check: tools.checkTime)
  }
}
