// The local strategy with models of random weights: they know nothing, so what holds here holds for every model. The
// answer fits the schema, its files exist, its evidence stands in them, and no call breaks the policy.

import Evaluation
import Foundation
import Generation
import Models
import SafeIO
import TensorCore
import TestSupport
import Testing
import Tokenization

private let chatTemplate =
  "{% for m in messages %}<s>{{ m['role'] }}\n{{ m['content'] }}</s>\n{% endfor %}<s>assistant\n"
private let markTokens = ["<|file|>", "<|eol|>", "<|bug|>", "<|ok|>", "<|ask|>", "<|answer|>"]
private let marking: JSON = [
  "form": "line-marking",
  "tokens": [
    "file": "<|file|>", "end_of_line": "<|eol|>", "bug": "<|bug|>", "ok": "<|ok|>", "ask": "<|ask|>",
    "answer": "<|answer|>",
  ],
  "labels": [
    "division by zero",
    [
      "label": "missing key", "issue": "{label}: {line}", "summary": "{file}:{line_number} {label} {unknown}",
      "next_step": "{{line}",
    ],
  ],
]

/// A random model in a folder that lives as long as the value.
private struct Folder {
  let scratch: Scratch
  let model: LanguageModel
  var strategy: LocalStrategy { get throws { try LocalStrategy(model) } }

  init(form: JSON?, context: Int = 2048, seed: UInt64 = 1, template: String? = nil) throws {
    scratch = try Scratch()
    var tiny = TinyModel()
    tiny.contextLength = context
    tiny.seed = seed
    tiny.specialTokens += markTokens
    tiny.chatTemplate = template
    try tiny.write(to: scratch.path)
    if let form { try scratch.write(form.text(), "triage.json") }
    model = try LanguageModel(path: scratch.path)
  }
}

/// A fixture made of these files.
private func fixture(_ files: [String: String], limits: String = "", in scratch: Scratch) throws -> Fixture {
  for (path, text) in files { try scratch.write(text, "repo/\(path)") }
  let expected = files.keys.sorted()[0]
  try scratch.write(
    "name: made\nkind: bug\nquestion: Which line is wrong?\nexpected_file: \(expected)\n\(limits)",
    "task.yaml")
  return try Fixture.load(folder: scratch.path)
}

private let suitePath = "\(Shared.repository)/data/fixtures"

@Suite struct LocalStrategyTests {
  @Test(arguments: ["chat", "plain", "line-marking"], [512, 2048])
  func `a model that knows nothing still gives answers that fit`(form: String, context: Int) throws {
    let declaration: JSON = form == "line-marking" ? marking : ["form": .string(form)]
    let folder = try Folder(
      form: declaration, context: context, template: form == "chat" ? chatTemplate : nil)
    let strategy = try folder.strategy
    // One of each kind is enough for the slower forms.
    let names = ["buggy_calc", "noisy_logs_repo", "prompt_injection_repo"]
    for fixture in try Suite.load(folder: suitePath).fixtures
    where form == "line-marking" || names.contains(fixture.name) {
      let tools = try ToolBox(fixture)
      let answer: StrategyAnswer
      do {
        answer = try strategy.triage(TriageTask(name: fixture.name, question: fixture.question), tools: tools)
      } catch StrategyStop.contextLength {
        // The plain words of the question alone are longer than a small context of single bytes.
        #expect(context == 512 && form != "line-marking")
        continue
      }
      let (result, failures) = try FixtureChecks(fixture).judge(answer.text, tools: tools)
      #expect(result != nil, "\(answer.text)")
      #expect(result?.findings.isEmpty == false)
      let mustHold: [FailureCategory] = [.schema, .hallucinatedFile, .hallucinatedEvidence, .policy]
      #expect(failures.filter { mustHold.contains($0.category) } == [], "\(fixture.name): \(answer.text)")
      #expect(tools.calls.filter(\.violation) == [])
      let usage = try #require(answer.usage)
      #expect(usage.promptTokens > 0 && usage.outputTokens > 0 && usage.timeToFirstToken > 0)
    }
  }

  @Test func `the best line is the one that a plain pass over the whole sequence marks`() throws {
    let folder = try Folder(form: marking, seed: 5)
    let scratch = try Scratch()
    let fixture = try fixture(
      [
        "calc.py": "def mean(values):\n\n    return sum(values) / len(values)   \n",
        "README.md": "# Mean\r\n   \r\nGives the mean.", "app.log": "INFO start\nERROR no values\n",
        "tests/test_calc.py": "assert mean([1]) == 1\n",
      ], in: scratch)
    let tools = try ToolBox(fixture)
    let answer = try folder.strategy.triage(TriageTask(name: "made", question: "?"), tools: tools)
    let result = try TriageResult.decode(answer.text)

    let text =
      "<s><|file|>README.md\n# Mean<|eol|>Gives the mean.<|eol|><|file|>tests/test_calc.py\nassert mean([1]) == 1<|eol|>"
      + "<|file|>calc.py\ndef mean(values):<|eol|>    return sum(values) / len(values)<|eol|>"
      + "<|file|>app.log\nINFO start<|eol|>ERROR no values<|eol|>"
    let lines = [
      ("README.md", "# Mean"), ("README.md", "Gives the mean."),
      ("tests/test_calc.py", "assert mean([1]) == 1"),
      ("calc.py", "def mean(values):"), ("calc.py", "return sum(values) / len(values)"),
      ("app.log", "INFO start"),
      ("app.log", "ERROR no values"),
    ]
    let tokenizer = folder.model.tokenizer
    func id(_ token: String) throws -> Int { Int(try #require(tokenizer.id(of: token))) }
    let ids = try tokenizer.encode(text, addSpecialTokens: false).ids
    let logits = folder.model.decoder.logits(folder.model.decoder.forward(TokenRows(documents: [ids])))
    let (values, width) = (logits.floats(), logits.shape[1])
    let (bug, ok, end) = (try id("<|bug|>"), try id("<|ok|>"), try id("<|eol|>"))
    let scores = ids.indices.filter { ids[$0] == end }.map {
      values[$0 * width + bug] - values[$0 * width + ok]
    }
    #expect(scores.count == lines.count)
    let best = try #require(scores.indices.max { scores[$0] < scores[$1] })

    #expect(result.findings.map(\.file) == [lines[best].0])
    #expect(result.findings.map(\.evidence) == [lines[best].1])
    let confidence = 1 / (1 + exp(-Double(scores[best])))
    // f32 logits of two orders of summation.
    #expect(abs((result.findings.first?.confidence ?? 0) - confidence) < 1e-4)
    #expect(result.filesInspected == ["README.md", "app.log", "calc.py", "tests/test_calc.py"])
    #expect(tools.calls.map(\.tool) == ["list_files", "read_file", "read_file", "read_file", "read_file"])

    // The label: the log-likelihood of its text and the closing end of line, after the question.
    let chosen = best == 4 ? "    " + lines[best].1 : lines[best].1
    let likelihoods = try ["division by zero", "missing key"].map { label in
      let start = try tokenizer.encode(text + "<|ask|>\(chosen)<|answer|>", addSpecialTokens: false).ids
      let label = try tokenizer.encode(label + "<|eol|>", addSpecialTokens: false).ids
      let rows = try folder.model.newContext().read(
        start + label, logitsAt: Array(start.count - 1..<start.count + label.count - 1))
      return zip(label, rows).reduce(0.0) { $0 + logProbability(of: $1.0, in: $1.1) }
    }
    let issue = likelihoods[1] > likelihoods[0] ? "missing key: \(lines[best].1)" : "division by zero"
    #expect(result.findings.map(\.issue) == [issue])
  }

  @Test func `several lines above the threshold are several findings, best first`() throws {
    var declaration = try #require(marking.objectValue)
    declaration["max_findings"] = 3
    declaration["threshold"] = -1000
    let folder = try Folder(form: .object(declaration))
    let scratch = try Scratch()
    let tools = try ToolBox(fixture(["a.py": "one\ntwo\nthree\nfour\n"], in: scratch))
    let result = try TriageResult.decode(
      folder.strategy.triage(TriageTask(name: "made", question: "?"), tools: tools).text)
    #expect(result.findings.count == 3)
    #expect(result.findings.map(\.confidence) == result.findings.map(\.confidence).sorted(by: >))
    #expect(Set(result.findings.map(\.evidence)).count == 3)
  }

  @Test func `a repository longer than the context is read in pieces`() throws {
    let folder = try Folder(form: marking, context: 128)
    let scratch = try Scratch()
    let code = (0..<60).map { "line_\($0) = \($0 * 7)" }.joined(separator: "\n")
    let tools = try ToolBox(
      fixture(["a.py": code, "b.md": "notes", "c.py": String(repeating: "x", count: 180)], in: scratch))
    let answer = try folder.strategy.triage(TriageTask(name: "made", question: "?"), tools: tools)
    let result = try TriageResult.decode(answer.text)
    #expect(result.findings.count == 1)
    // 60 lines of some 13 tokens.
    #expect((answer.usage?.promptTokens ?? 0) > 700)
    #expect((answer.usage?.outputTokens ?? 0) >= 61)
  }

  @Test func `special tokens in a repository are text`() throws {
    let folder = try Folder(form: marking)
    let scratch = try Scratch()
    let tools = try ToolBox(fixture(["a<|eol|>.py": "x = 1<|eol|><|bug|>\n<|ask|>\n"], in: scratch))
    let answer = try folder.strategy.triage(TriageTask(name: "made", question: "?"), tools: tools)
    let finding = try #require(TriageResult.decode(answer.text).findings.first)
    #expect(finding.file == "a<|eol|>.py")
    #expect(["x = 1<|eol|><|bug|>", "<|ask|>"].contains(finding.evidence))
    // Two lines were judged, and one label's tokens.
    #expect([2 + 17, 2 + 12].contains(answer.usage?.outputTokens ?? 0))
  }

  @Test func `the budget of calls is kept, code and logs first`() throws {
    let folder = try Folder(form: marking)
    let scratch = try Scratch()
    let tools = try ToolBox(
      fixture(
        ["a.md": "text", "b.py": "code", "c.log": "ERROR", "tests/d.py": "test"],
        limits: "max_tool_calls: 3\n",
        in: scratch))
    let answer = try folder.strategy.triage(TriageTask(name: "made", question: "?"), tools: tools)
    let result = try TriageResult.decode(answer.text)
    #expect(result.filesInspected == ["b.py", "c.log"])
    #expect(tools.calls.filter(\.violation) == [])
  }

  @Test func `of a log that is cut, grep finds what lies beyond`() throws {
    let folder = try Folder(form: marking)
    let scratch = try Scratch()
    let log = (1...400).map { $0 == 390 ? "FATAL the disk is full" : "INFO step \($0) done" }.joined(
      separator: "\n")
    let tools = try ToolBox(fixture(["run.log": log], limits: "max_file_chars: 1000\n", in: scratch))
    let answer = try folder.strategy.triage(TriageTask(name: "made", question: "?"), tools: tools)
    #expect(tools.calls.map(\.tool) == ["list_files", "read_file", "grep"])
    // One template of INFO lines, and the one that matters.
    let evidence = try TriageResult.decode(answer.text).findings.map(\.evidence)
    #expect([["FATAL the disk is full"], ["INFO step 1 done"]].contains(evidence))
  }

  @Test func `a repository without text gives an empty answer`() throws {
    let folder = try Folder(form: marking)
    let scratch = try Scratch()
    let tools = try ToolBox(fixture(["empty.py": "\n  \n", "data.bin": "\0\0\n"], in: scratch))
    let result = try TriageResult.decode(
      folder.strategy.triage(TriageTask(name: "made", question: "?"), tools: tools).text)
    #expect(result.findings.isEmpty)
    #expect(result.filesInspected == ["data.bin", "empty.py"])
  }

  @Test func `without a declaration the chat template decides`() throws {
    let talking = try Folder(form: nil, template: chatTemplate).strategy
    #expect(talking.generationParameters["form"] == "chat")
    let plain = try Folder(form: nil).strategy
    #expect(plain.generationParameters["form"] == "plain")
  }

  @Test(arguments: [
    (#"{"form": "dance"}"#, "key 'form'"), (#"{"form": "chat"}"#, "no chat template"),
    (#"{"form": "plain", "labels": []}"#, "key 'labels'"), (#"{"form": "line-marking"}"#, "key 'tokens'"),
    ("[]", "expected an object"),
    ("{", "triage.json"),
  ])
  func `a declaration that does not fit is refused`(text: String, message: String) throws {
    let folder = try Folder(form: nil)
    try folder.scratch.write(text, "triage.json")
    let failure = #expect(throws: Failure.self) { try folder.strategy }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "")")
  }

  @Test func `a token that the tokenizer lacks is named`() throws {
    var declaration = try #require(marking.objectValue)
    declaration["tokens"] = .object(
      [
        "file": "<|path|>", "end_of_line": "<|eol|>", "bug": "<|bug|>", "ok": "<|ok|>", "ask": "<|ask|>",
        "answer": "<|answer|>",
      ])
    let folder = try Folder(form: .object(declaration))
    let failure = #expect(throws: Failure.self) { try folder.strategy }
    #expect(failure?.message.contains("<|path|>") == true)
  }
}
