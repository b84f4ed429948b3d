// Loading of suites and fixtures: what is read, and how hostile or careless folders are refused.

import Evaluation
import Foundation
import SafeIO
import TestSupport
import Testing

@Suite struct SuiteTests {
  @Test func `a suite has its fixtures in the order of their folders, with the suite's defaults`() throws {
    let folder = try SuiteFolder(
      suite: "name: mine\nversion: 1.2\ndefaults:\n  max_tool_calls: 7\n  kind: bug\n")
    try folder.add("b", task: SuiteFolder.task("second"), files: ["a.py": "x"])
    try folder.add("a", task: SuiteFolder.task("first", more: "max_tool_calls: 9"), files: ["a.py": "x"])
    let suite = try Suite.load(folder: folder.path)
    #expect(suite.name == "mine")
    #expect(suite.version == "1.2")
    #expect(suite.fixtures.map(\.name) == ["first", "second"])
    #expect(suite.fixtures.map(\.limits.toolCalls) == [9, 7])
    #expect(suite.fixtures[0].expectedKeywords == [["zero"]])
  }

  @Test func `the digest changes with a byte, with a name and with a new file`() throws {
    let folder = try SuiteFolder()
    try folder.add("one", task: SuiteFolder.task(), files: ["a.py": "x"])
    var digests = [try Suite.load(folder: folder.path).digest]
    try folder.scratch.write("y", "one/repo/a.py")
    digests.append(try Suite.load(folder: folder.path).digest)
    try folder.scratch.write("", "one/repo/empty")
    digests.append(try Suite.load(folder: folder.path).digest)
    try FileManager.default.moveItem(atPath: "\(folder.path)/one", toPath: "\(folder.path)/two")
    digests.append(try Suite.load(folder: folder.path).digest)
    #expect(Set(digests).count == 4)
  }

  @Test(arguments: [
    ("name: x\n", "key 'kind': is missing"),
    (SuiteFolder.task(file: "b.py"), "'b.py' is not a file of repo/"),
    (SuiteFolder.task(file: "../suite.yaml"), "'../suite.yaml' is not a file of repo/"),
    (
      SuiteFolder.task(more: "max_tool_cals: 3"),
      "key 'max_tool_cals': is not known; did you mean 'max_tool_calls'?"
    ),
    (SuiteFolder.task(more: "max_tool_calls: 0"), "key 'max_tool_calls': is 0, expected 1 to 10000000"),
    (SuiteFolder.task(more: "allowed_files: [b.py]"), "does not list the expected file 'a.py'"),
    (SuiteFolder.task(more: "canary: ''"), "key 'canary': is empty"),
    ("- a list\n", "expected an object with keys"),
  ])
  func `a wrong task file is refused with its path and key`(task: String, problem: String) throws {
    let folder = try SuiteFolder()
    try folder.add("one", task: task, files: ["a.py": "x"])
    let failure = try #require(throws: Failure.self) { try Suite.load(folder: folder.path) }
    #expect(failure.message.contains("one/task.yaml"))
    #expect(failure.message.contains(problem))
    #expect(failure.kind == .badData)
  }

  @Test func `a keyword group must hold words`() throws {
    let folder = try SuiteFolder()
    let task = SuiteFolder.task().replacingOccurrences(of: "[[zero]]", with: "[[zero, 3]]")
    try folder.add("one", task: task, files: ["a.py": "x"])
    let failure = try #require(throws: Failure.self) { try Suite.load(folder: folder.path) }
    #expect(failure.message.contains("expected a list of groups"))
  }

  @Test func `a folder without suite file, without fixtures or with a name used twice is refused`() throws {
    let scratch = try Scratch()
    let missing = try #require(throws: Failure.self) { try Suite.load(folder: scratch.path) }
    #expect(missing.kind == .notFound)
    #expect(missing.message.contains("suite.yaml"))

    let empty = try SuiteFolder()
    let nothing = try #require(throws: Failure.self) { try Suite.load(folder: empty.path) }
    #expect(nothing.message.contains("holds no fixture"))

    let twice = try SuiteFolder()
    for name in ["a", "b"] { try twice.add(name, task: SuiteFolder.task("same"), files: ["a.py": "x"]) }
    let taken = try #require(throws: Failure.self) { try Suite.load(folder: twice.path) }
    #expect(taken.message.contains("the name 'same' is taken by the fixture in a/"))
  }

  @Test func `a symbolic link in a suite is refused: it has no digest`() throws {
    let folder = try SuiteFolder()
    try folder.add("one", task: SuiteFolder.task(), files: ["a.py": "x"])
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/one/repo/link", withDestinationPath: "/etc/hostname")
    let failure = try #require(throws: Failure.self) { try Suite.load(folder: folder.path) }
    #expect(failure.message.contains("symbolic link"))
  }
}
