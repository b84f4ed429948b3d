// Logs of training runs in artifacts: what the inputs decide is pinned, what a clock decides is not.

import Registry
import SafeIO
import TestSupport
import Testing

@Suite struct ByproductTests {
  let scratch: Scratch
  private let lines = """
    {"step": 0, "loss": 1.5, "tokens_per_second": 100.0}
    {"step": 1, "loss": 1.25, "tokens_per_second": 98.5}

    """

  init() throws { scratch = try Scratch() }

  private func artifact(_ name: String, log: String) throws -> String {
    let folder = "\(scratch.path)/\(name)"
    try scratch.write("{}", "\(name)/config.json")
    try scratch.write(log, "\(name)/log.jsonl")
    var provenance = Sample.provenance
    let path = try #require(TreePath("log.jsonl"))
    provenance.byproducts = [Byproduct(path: path, measurements: ["tokens_per_second"])]
    try Manifest.seal(folder, provenance)
    return folder
  }

  @Test func `times do not change the manifest`() throws {
    let slow = lines.replacing("98.5", with: "7.0")
    let first = try artifact("one", log: lines)
    let second = try artifact("two", log: slow)
    #expect(try Manifest.digest(of: first) == Manifest.digest(of: second))
    #expect(try Manifest.verify(first).ok)
  }

  @Test(arguments: [
    ("1.25", "1.0"), ("{\"step\": 1", "{ \"step\": 1"), ("98.5}\n", "98.5}\n\n"), ("98.5}\n", "98.5}"),
    ("step", "sted"),
  ])
  func `a changed loss or form is a change`(old: String, new: String) throws {
    let folder = try artifact("run", log: lines)
    try Files.writeAtomically(lines.replacing(old, with: new), to: "\(folder)/log.jsonl")
    #expect(try Manifest.verify(folder).changed == ["log.jsonl"])
  }

  @Test func `a missing log is missing, and one that no manifest names is added`() throws {
    let folder = try artifact("run", log: lines)
    try Files.removeTree("\(folder)/log.jsonl")
    #expect(try Manifest.verify(folder).missing == ["log.jsonl"])
    let other = try Sample.artifact(scratch)
    try scratch.write(lines, "artifact/log.jsonl")
    #expect(try Manifest.verify(other).added == ["log.jsonl"])
  }

  @Test func `what is no log can't be sealed as one`() throws {
    #expect(failure { _ = try artifact("run", log: "loss 3\n") }?.kind == .badData)
  }

  @Test func `the registry gives the log back without its times, and the artifact verifies`() throws {
    let folder = try artifact("run", log: lines)
    try Store.write(at: "\(scratch.path)/registry") { store in
      let digest = try store.pin(folder)
      try store.write(digest, into: "\(scratch.path)/taken")
      #expect(try store.audit().ok)
    }
    #expect(try Manifest.verify("\(scratch.path)/taken").ok)
    #expect(
      try Files.readText(path: "\(scratch.path)/taken/log.jsonl")
        == "{\"step\": 0, \"loss\": 1.5}\n{\"step\": 1, \"loss\": 1.25}\n")
  }
}
