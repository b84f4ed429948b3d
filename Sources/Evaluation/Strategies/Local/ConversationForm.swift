// The form for models that can read instructions: the question, the files as data, and an answer in JSON under a
// grammar that knows the repository.

import Generation
import SafeIO

/// Asks in words, through the model's chat template or as plain text to be continued.
///
/// The model decides: how many findings (one to three), of each the `file` among those shown, the `evidence` among
/// that file's lines, `issue` and `confidence`; then `summary` and `recommended_next_step`. The program fills
/// `files_inspected`, the keys and the order of the members, and drops a finding that repeats another.
struct ConversationForm: TriageForm {
  private static let answerTokens = 512

  private let usesTemplate: Bool

  /// Throws `.badData` when a chat template is wanted and the model has none.
  init(_ model: LanguageModel, usesTemplate: Bool) throws(Failure) {
    self.usesTemplate = usesTemplate
    if usesTemplate, model.chatTemplate == nil {
      throw .badData(
        "\(model.path)/\(TriageDeclaration.fileName)",
        "asks for the form 'chat', but the model has no chat template")
    }
  }

  var parameters: JSON {
    [
      "form": usesTemplate ? "chat" : "plain", "temperature": 0, "max_tokens": .integer(Self.answerTokens),
      "constrained": true,
    ]
  }

  func answer(
    _ question: String, about view: RepositoryView, with model: LanguageModel, check: () throws -> Void
  ) throws -> StrategyAnswer {
    var meter = UsageMeter()
    var options = GenerationOptions()
    options.maximumTokens = min(Self.answerTokens, model.contextLength / 2)
    let (prompt, shown) = try prompt(question, view, model, room: model.contextLength - options.maximumTokens)
    let constraint = try GrammarConstraint(
      TriageGrammar.answer(about: shown), vocabulary: model.vocabulary, source: "the answer's grammar")
    guard constraint.shortestEnding <= options.maximumTokens else {
      throw StrategyStop.contextLength(
        "an answer may need \(constraint.shortestEnding) tokens, and the context of \(model.contextLength) leaves "
          + "\(options.maximumTokens)")
    }
    let generator = Generator(tokenizer: model.tokenizer, endOfText: model.endOfText)
    let result = try generator.generate(
      prompt, in: model.newContext(), options: options, constraint: constraint, check: check)
    meter.read(result.promptTokens)
    meter.decided(result.outputTokens)
    var usage = meter.usage(ratedBy: .tokensGenerated(result.tokensPerSecond))
    usage.timeToFirstToken = result.timeToFirstToken
    return StrategyAnswer(try triageResult(result.text, view), usage: usage)
  }

  /// The tokens of the question with as much of the repository as `room` tokens hold, and what they show of it.
  private func prompt(
    _ question: String, _ view: RepositoryView, _ model: LanguageModel, room: Int
  ) throws -> (ids: [Int32], shown: [ViewedFile]) {
    let excerpt = RepositoryExcerpt(view, question: question)
    for style in RepositoryPrompt.Style.allCases {
      func tokens(showing files: [ViewedFile]) throws -> [Int32] {
        try self.tokens(
          of: RepositoryPrompt(style: style, question: question, view: view, shown: files), model)
      }
      var budget = room - (try tokens(showing: []).count)
      while budget > 0 {
        let shown = try excerpt.files(within: budget) { try model.tokens(ofData: $0).count }
        if shown.isEmpty { break }
        let ids = try tokens(showing: shown)
        if ids.count <= room { return (ids, shown) }
        // Pieces tokenized apart can be a little shorter than together.
        budget -= ids.count - room
      }
    }
    throw StrategyStop.contextLength(
      "the question and one line of the repository do not fit \(room) tokens of the model's context")
  }

  private func tokens(of prompt: RepositoryPrompt, _ model: LanguageModel) throws -> [Int32] {
    usesTemplate
      ? try model.chatTokens(ofData: prompt.text)
      : try model.tokens(ofData: prompt.text + "\nAnswer: ", isWhole: true)
  }

  private func triageResult(_ text: String, _ view: RepositoryView) throws(Failure) -> TriageResult {
    let fields = try Fields(JSON.parse(text, source: "answer"), source: "answer")
    var findings: [TriageResult.Finding] = []
    for entry in try fields.array("findings") {
      let entry = try Fields(entry, source: "answer")
      let finding = TriageResult.Finding(
        file: try entry.string("file"), issue: try entry.string("issue"),
        evidence: try entry.string("evidence"),
        confidence: try entry.double("confidence"))
      if !findings.contains(where: { $0.file == finding.file && $0.evidence == finding.evidence }) {
        findings.append(finding)
      }
    }
    return TriageResult(
      summary: try fields.string("summary"), filesInspected: view.inspected, findings: findings,
      recommendedNextStep: try fields.string("recommended_next_step"))
  }
}
