// verify, pin, promote, rollback and channels, as a user runs them.

import Foundation
import Registry
import SafeIO
import TestSupport
import Testing

/// A folder with two artifacts, their records and a policy.
struct GateFolder {
  let scratch: Scratch
  var path: String { scratch.path }
  var registry: String { path + "/registry" }
  let good: String
  let bad: String

  init() throws {
    scratch = try Scratch()
    for name in ["good", "bad"] {
      try scratch.write("{}", "\(name)/config.json")
      try scratch.write("weights of \(name)", "\(name)/model.safetensors")
      let provenance = Provenance(command: "convert", arguments: [:], inputs: [], instructionSet: "any")
      try Manifest.seal("\(scratch.path)/\(name)", provenance)
    }
    good = try Manifest.digest(of: scratch.path + "/good")
    bad = try Manifest.digest(of: scratch.path + "/bad")
    try scratch.write("a question", "suite/suite.yaml")
    let suite = try Digest.tree(scratch.path + "/suite").digest
    for (name, digest, passed) in [("good", good, 12), ("bad", bad, 2)] {
      let fixtures = (0..<12).map { index -> JSON in
        ["name": .string("fixture-\(index)"), "kind": "bug", "passed": .bool(index < passed)]
      }
      let record: JSON = [
        "version": 1, "artifact": ["manifest_digest": .string(digest)],
        "suite": ["name": "core", "digest": .string(suite), "fixtures": 12], "strategy": "local",
        "metrics": [:],
        "fixtures": .array(fixtures),
      ]
      try scratch.write(record.text(), "\(name).json")
    }
    try scratch.write(
      "version: 1\nname: test\nsuite: suite\nrules:\n  - metric: fixtures.pass_rate\n    min: 0.75\n",
      "policy.yaml")
  }

  func promote(_ name: String, _ more: [String] = []) throws -> Mlt.Run {
    try run(
      [
        "promote", name, "--channel", "production", "--record", "\(name).json", "--policy", "policy.yaml",
      ] + more)
  }

  func run(_ arguments: [String]) throws -> Mlt.Run { try Mlt.run(arguments, in: path) }
}

@Suite struct RegistryCommandTests {
  let folder: GateFolder

  init() throws { folder = try GateFolder() }

  @Test func `verify says that an artifact is intact`() throws {
    let run = try folder.run(["verify", "good"])
    #expect(run.status == 0)
    #expect(run.stdout == "good: intact, 2 files, 17 B, manifest \(folder.good)\n")
    let json = try folder.run(["verify", "good", "--json"]).json
    #expect(json["ok"] == true && json["version"] == 1 && json["manifest_digest"]?.stringValue == folder.good)
  }

  @Test func `verify names what is changed, missing and added`() throws {
    try folder.scratch.write("Weights of good", "good/model.safetensors")
    try Files.removeTree(folder.path + "/good/config.json")
    try folder.scratch.write("hello", "good/notes/new.txt")
    let run = try folder.run(["verify", "good"])
    #expect(run.status == 1)
    #expect(run.stdout == "missing  config.json\nchanged  model.safetensors\nadded  notes/new.txt\n")
    #expect(run.stderr == "mlt: good: is not what its manifest says, 3 differences\n")
    let json = try folder.run(["verify", "good", "--json"])
    #expect(json.status == 1 && json.stderr.isEmpty)
    #expect(try json.json["added"] == ["notes/new.txt"] && json.json["ok"] == false)
  }

  @Test func `verify tells a bad manifest from none`() throws {
    try folder.scratch.write("{\"_type\": 1}", "good/manifest.json")
    let bad = try folder.run(["verify", "good"])
    #expect(bad.status == 65)
    #expect(bad.stderr == "mlt: good/manifest.json: key '_type': expected a string, found an integer\n")
    try Files.removeTree(folder.path + "/good/manifest.json")
    let none = try folder.run(["verify", "good"])
    #expect(none.status == 66)
    #expect(none.stderr == "mlt: good/manifest.json: no manifest; every folder that mlt writes has one\n")
    #expect(try folder.run(["verify", "nowhere"]).status == 66)
  }

  @Test func `a pinned artifact is taken out as it was`() throws {
    #expect(try folder.run(["pin", "good"]).status == 0)
    let out = try folder.run(["pin", "--checkout", folder.good, "--out", "back", "--json"])
    #expect(out.status == 0)
    #expect(try out.json["manifest_digest"]?.stringValue == folder.good)
    #expect(try Digest.tree(folder.path + "/back").digest == Digest.tree(folder.path + "/good").digest)
    let taken = try folder.run(["pin", "--checkout", folder.good, "--out", "back"])
    #expect(taken.status == 64 && taken.stderr.contains("back exists already"))
    let unknown = try folder.run(["pin", "--checkout", "prod", "--out", "other"])
    #expect(unknown.status == 66 && !Files.exists(folder.path + "/other"))
    #expect(try folder.run(["pin"]).status == 64)
  }

  @Test func `the gate accepts, refuses, and a rollback goes back`() throws {
    let accepted = try folder.promote("good", ["--json"])
    #expect(accepted.status == 0)
    #expect(try accepted.json["verdict"] == "accept" && accepted.json["moved"] == true)

    let refused = try folder.promote("bad")
    #expect(refused.status == 1)
    #expect(refused.stdout.contains("fixtures.pass_rate is 0.1667 (2 of 12; 95 % interval 5–45 %"))
    #expect(refused.stdout.hasSuffix("reject: production is still \(folder.good)\n"))
    #expect(try folder.promote("bad", ["--approve", "I like it"]).status == 1)

    try folder.scratch.write(
      "version: 1\nname: lax\nsuite: suite\nrules: [{metric: fixtures.pass_rate, min: 0}]", "policy.yaml")
    #expect(try folder.promote("bad").status == 0)
    let channels = try folder.run(["channels", "--json"]).json
    #expect(
      channels["channels"]?.arrayValue?.first?["artifact"]?["manifest_digest"]?.stringValue == folder.bad)
    #expect(channels["channels"]?.arrayValue?.first?["predecessor"]?.stringValue == folder.good)

    let back = try folder.run(["rollback", "production", "--reason", "slow"])
    #expect(back.stdout == "production is \(folder.good) again, no longer \(folder.bad)\n")
    let again = try folder.run(["rollback", "production"])
    #expect(again.status == 1 && again.stderr.contains("held nothing before"))
    #expect(try folder.run(["rollback", "staging"]).status == 66)
    #expect(try folder.run(["verify", "registry"]).status == 0)

    let history = try folder.run(["channels", "--history"]).stdout.split(separator: "\n")
    let actions = history.dropFirst().map { $0.split(separator: " ")[2] }
    #expect(actions == ["pin", "promote", "refuse", "refuse", "pin", "promote", "rollback"])
  }

  @Test func `a missing measurement needs review, which a person can accept`() throws {
    try folder.scratch.write(
      "version: 1\nname: x\nsuite: suite\nrules: [{metric: perplexity, max: 10}]", "policy.yaml")
    let first = try folder.promote("good")
    #expect(first.status == 1)
    #expect(first.stdout.contains("perplexity was not measured; the policy asks for ≤ 10"))
    #expect(first.stdout.hasSuffix("needs-review: production is empty as before\n"))
    #expect(try folder.promote("good", ["--approve", " "]).status == 64)
    let second = try folder.promote("good", ["--approve", "measured elsewhere"])
    #expect(second.status == 0)
    #expect(second.stdout.hasSuffix("needs-review, approved by hand: production is \(folder.good) now\n"))
  }

  @Test func `a record about other bytes is refused`() throws {
    let run = try folder.run([
      "promote", "bad", "--channel", "production", "--record", "good.json", "--policy", "policy.yaml",
    ])
    #expect(run.status == 1 && run.stdout.contains("the record is about artifact"))
    // A byte of the suite changes, so the record is from another suite.
    try folder.scratch.write("another question", "suite/suite.yaml")
    let changed = try folder.promote("good")
    #expect(changed.status == 1 && changed.stdout.contains("the fixtures changed or are others"))
    #expect(try folder.run(["channels"]).stdout == "registry: no channel yet\n")
  }

  @Test func `a tampered artifact is refused and its file named`() throws {
    try folder.scratch.write("Weights of good", "good/model.safetensors")
    let promoted = try folder.promote("good")
    #expect(promoted.status == 1 && promoted.stdout.contains("changed model.safetensors"))
    let pinned = try folder.run(["pin", "good"])
    #expect(pinned.status == 1 && pinned.stderr.contains("changed model.safetensors"))
  }

  @Test func `a tampered log is named with its entry`() throws {
    _ = try folder.promote("good")
    _ = try folder.promote("bad")
    let path = folder.registry + "/log.jsonl"
    let log = try Files.readText(path: path)
    try Files.writeAtomically(
      log.replacing("\"verdict\":\"reject\"", with: "\"verdict\":\"accept\""), to: path)
    let run = try folder.run(["verify", "registry"])
    #expect(run.status == 1)
    #expect(run.stdout.contains("registry/log.jsonl: entry 3: was changed after it was written"))
    #expect(try folder.promote("good").status == 65)
    #expect(try folder.run(["channels"]).status == 1)
  }

  @Test(arguments: [
    ["promote", "good", "--channel", "../x", "--record", "good.json", "--policy", "policy.yaml"],
    ["rollback", "Production"],
  ])
  func `a name that is no channel's is a usage error`(arguments: [String]) throws {
    let run = try folder.run(arguments + ["--registry", "registry"])
    #expect(run.status == 64 || run.status == 66)
    #expect(!Files.exists(folder.path + "/x"))
  }

  @Test func `the registry may come from the environment`() throws {
    let run = try Mlt.run(["pin", "good"], in: folder.path, environment: ["MLT_REGISTRY": "elsewhere"])
    #expect(run.status == 0 && Files.exists(folder.path + "/elsewhere/log.jsonl"))
  }
}
