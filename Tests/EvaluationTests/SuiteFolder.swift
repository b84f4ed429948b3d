// Suites of a test's own, written into a scratch folder.

import Evaluation
import SafeIO
import TestSupport

/// A suite folder that a test fills.
struct SuiteFolder {
  let scratch: Scratch

  var path: String { scratch.path }

  init(suite: String = "name: mine\nversion: 1\n") throws {
    scratch = try Scratch()
    try scratch.write(suite, "suite.yaml")
  }

  /// Adds a fixture: its task file, and the files of its repository.
  func add(_ name: String, task: String, files: [String: String]) throws {
    try scratch.write(task, "\(name)/task.yaml")
    for (path, text) in files { try scratch.write(text, "\(name)/repo/\(path)") }
  }

  /// A task file with the required keys.
  static func task(_ name: String = "one", file: String = "a.py", more: String = "") -> String {
    """
    name: \(name)
    kind: bug
    question: What is wrong?
    expected_file: \(file)
    expected_keywords: [[zero]]
    expected_evidence: ["/ n"]
    \(more)
    """
  }

  /// A suite of one fixture, loaded.
  static func fixture(
    task: String = task(), files: [String: String] = ["a.py": "def f(n):\n    return 1 / n\n"]
  ) throws -> (folder: SuiteFolder, fixture: Fixture) {
    let folder = try SuiteFolder()
    try folder.add("one", task: task, files: files)
    let suite = try Suite.load(folder: folder.path)
    guard let fixture = suite.fixtures.first else { throw Failure.fault("the suite is empty") }
    return (folder, fixture)
  }
}

/// A strategy that says what the test wants, after using the tools as the test wants.
final class ScriptedStrategy: Strategy {
  let name = "scripted"
  private let script: (TriageTask, ToolBox) throws -> String

  init(_ script: @escaping (TriageTask, ToolBox) throws -> String) { self.script = script }

  func triage(_ task: TriageTask, tools: ToolBox) throws -> StrategyAnswer {
    StrategyAnswer(text: try script(task, tools), usage: nil)
  }
}
