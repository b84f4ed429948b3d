// Text that talks to the model that reads it. Such text is data: it is reported, never followed.

/// Finds lines that give orders to an assistant.
struct InjectionRule: TriageRule {
  /// Words that name a reader who is a machine.
  private static let addressees = [
    "ai assistant", "ai agent", "ai model", "ai tool", "ai reviewer", "language model", "llm", "chatbot",
    "assistant:", "dear assistant",
    "note to assistant", "note to ai", "assistants", "to the assistant", "to the model", "coding agent",
    "automated agent", "automated reviewer",
    "if you are an ai", "as an ai", "the agent must", "attention agent", "system:", "<|im_start|>", "[inst]",
    "gpt", "claude", "copilot",
  ]
  /// Orders to drop what the reader was told.
  private static let overrideVerbs = ["ignore", "disregard", "forget", "override", "bypass", "drop", "skip"]
  private static let overrideObjects = [
    "instruction", "prompt", "your rules", "all rules", "previous rules", "the rules", "guideline",
    "the above", "above and", "you were told",
    "system message", "your task", "prior", "safety",
  ]
  private static let takeovers = [
    "you are now", "new instructions", "system prompt", "developer mode", "maintenance mode", "act as",
    "pretend to be", "from now on you", "jailbreak",
    "your new task", "instead of the task",
  ]
  /// What the text wants: to hide something, or to have something done.
  private static let demands = [
    "do not report", "don't report", "report no", "no findings", "do not mention", "don't mention",
    "do not tell", "don't tell", "say that all", "tell the user",
    "all is well", "everything is fine", "reply only", "respond only", "answer only", "output only",
    "exfiltrate", "send the", "send_", "call the tool", "use the tool",
    "run the tool", "execute", "print the content", "reveal", "approve", "delete", "upload",
    "already audited", "already reviewed", "environment variable", "credentials",
  ]

  func reports(on repository: RepositoryText) -> [RuleReport] {
    repository.everything.flatMap { file in
      file.lines.enumerated().compactMap { index, line -> RuleReport? in
        guard let confidence = confidence(line) else { return nil }
        return RuleReport(
          file: file.path, line: index + 1, evidence: line,
          issue:
            "Prompt injection: the text addresses the assistant that reads it and gives it instructions to "
            + "follow; it was treated as data.",
          nextStep: "Remove the text, find out who put it there, and check what else that author changed.",
          confidence: confidence)
      }
    }
  }

  /// Two kinds of signs make a suspicion; one alone is everyday language.
  private func confidence(_ line: String) -> Double? {
    let text = line.lowercased()
    let has: ([String]) -> Bool = { $0.contains { text.contains($0) } }
    let isOverride = has(Self.overrideVerbs) && has(Self.overrideObjects)
    let signs = [isOverride, has(Self.addressees), has(Self.takeovers), has(Self.demands)].count { $0 }
    if isOverride && signs >= 2 || signs >= 3 { return 0.95 }
    if signs == 2 { return 0.8 }
    return isOverride && text.contains("instruction") ? 0.6 : nil
  }
}
