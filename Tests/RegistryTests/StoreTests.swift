// The registry on disk: pinning, the log's chain, channels, recovery.

import Foundation
import Registry
import SafeIO
import TestSupport
import Testing

@Suite struct StoreTests {
  let scratch: Scratch
  let registry: String

  init() throws {
    scratch = try Scratch()
    registry = scratch.path + "/registry"
  }

  /// Makes an artifact with its own weights and promotes it on a good record.
  @discardableResult
  private func promote(_ name: String, failed: Int = 0, approval: String? = nil) throws -> Promotion {
    let artifact = try Sample.artifact(scratch, name, weights: name)
    let record = Sample.record(try Manifest.digest(of: artifact), failed: failed)
    let recordPath = try scratch.write(record.text(), name + ".json")
    let policyPath = try scratch.write(Sample.policy, "policy.yaml")
    return try Store.write(at: registry) { store in
      try store.promote(
        artifact, to: ChannelName(argument: "production"), recordPath: recordPath, policyPath: policyPath,
        approval: approval)
    }
  }

  private func current() throws -> String? {
    try Store(path: registry).channel(ChannelName(argument: "production"))?.artifact
  }

  private var pointer: String { registry + "/channels/production" }
  private var log: String { registry + "/log.jsonl" }

  @Test func `a record that its evaluation's manifest does not know is rejected`() throws {
    let artifact = try Sample.artifact(scratch)
    let record = Sample.record(try Manifest.digest(of: artifact)).text()
    let path = try scratch.write(record, "evaluation/record.json")
    var provenance = Sample.provenance
    provenance.command = "eval"
    try Manifest.seal(scratch.path + "/evaluation", provenance)
    let policy = try scratch.write(Sample.policy, "policy.yaml")
    func verdict() throws -> Verdict {
      try Store.write(at: registry) { store in
        try store.promote(
          artifact, to: ChannelName(argument: "production"), recordPath: path, policyPath: policy,
          approval: nil
        ).verdict
      }
    }
    #expect(try verdict().outcome == .accept)
    try Files.writeAtomically(record + " ", to: path)
    #expect(try verdict().outcome == .reject)
    #expect(try verdict().reasons.first?.contains("is not as mlt eval wrote it") ?? false)
  }

  // MARK: Pinning

  @Test func `a pinned artifact comes back byte for byte`() throws {
    let artifact = try Sample.artifact(scratch)
    let digest = try Store.write(at: registry) { try $0.pin(artifact) }
    try Store(path: registry).write(digest, into: Files.make(scratch.path + "/back"))
    #expect(try Manifest.verify(scratch.path + "/back").ok)
    #expect(try Manifest.digest(of: scratch.path + "/back") == digest)
    #expect(try Store(path: registry).audit().ok)
  }

  @Test func `pinning twice changes nothing`() throws {
    let artifact = try Sample.artifact(scratch)
    try Store.write(at: registry) { try $0.pin(artifact) }
    let before = try Digest.tree(registry).digest
    try Store.write(at: registry) { try $0.pin(artifact) }
    #expect(try Digest.tree(registry).digest == before)
  }

  @Test func `a damaged blob is found, and mended by pinning again`() throws {
    let artifact = try Sample.artifact(scratch)
    try Store.write(at: registry) { try $0.pin(artifact) }
    let blob = registry + "/blobs/sha256/" + Digest.sha256("weights")
    try Files.writeAtomically("w3ights", to: blob)
    let audit = try Store(path: registry).audit()
    #expect(audit.faults.count == 1 && audit.faults[0].contains("is damaged (model.safetensors of"))
    try Store.write(at: registry) { try $0.pin(artifact) }
    #expect(try Store(path: registry).audit().ok)
  }

  @Test func `a tampered artifact is not pinned`() throws {
    let artifact = try Sample.artifact(scratch)
    try scratch.write("other", "artifact/model.safetensors")
    let found = failure { try Store.write(at: registry) { _ = try $0.pin(artifact) } }
    #expect(found?.kind == .refused && found?.message.contains("changed model.safetensors") == true)
    #expect(try Store(path: registry).artifacts().isEmpty)
  }

  @Test func `a folder with other things is not made a registry`() throws {
    try scratch.write("mine", "home/file")
    let found = failure { try Store.write(at: scratch.path + "/home") { _ in } }
    #expect(found?.kind == .usage)
    #expect(try Files.list(scratch.path + "/home") == ["file"])
  }

  @Test func `an audit finds a lost record and a damaged policy`() throws {
    try promote("first")
    let entry = try #require(try Store(path: registry).log.entries.last)
    let record = "\(registry)/blobs/sha256/\(try #require(entry.record))"
    let policy = "\(registry)/blobs/sha256/\(try #require(entry.policy))"
    try Files.removeTree(record)
    try Files.writeAtomically("version: 2", to: policy)
    #expect(
      try Store(path: registry).audit().faults == [
        "\(record) is missing (the record of log entry \(entry.sequence))",
        "\(policy) is damaged (the policy of log entry \(entry.sequence))",
      ])
  }

  @Test func `leftovers of a killed writer are removed, other hidden files are not`() throws {
    try promote("first")
    for name in ["blobs/sha256/.0123.partial-1", "channels/.production.partial-1", ".git"] {
      try scratch.write("half", "registry/\(name)")
    }
    try Store.write(at: registry) { _ in }
    #expect(!Files.exists(registry + "/blobs/sha256/.0123.partial-1"))
    #expect(!Files.exists(registry + "/channels/.production.partial-1"))
    #expect(Files.exists(registry + "/.git"))
  }

  // MARK: Channels

  @Test func `a promotion moves the channel and a rollback moves it back, further each time`() throws {
    let digests = try ["first", "second", "third"].map { try promote($0).artifact }
    #expect(try current() == digests[2])
    let name = try ChannelName(argument: "production")
    for expected in [digests[1], digests[0]] {
      let moved = try Store.write(at: registry) { try $0.rollback(name, reason: "slow") }
      #expect(moved.to == expected)
      #expect(try current() == expected)
      #expect(try JSON.read(path: pointer)["manifest_digest"]?.stringValue == expected)
    }
    let found = failure { try Store.write(at: registry) { _ = try $0.rollback(name, reason: nil) } }
    #expect(found?.kind == .refused && found?.message.contains("held nothing before") == true)
    #expect(try Store(path: registry).audit().ok)
  }

  @Test func `promoting what is there already does not stand in the way of a rollback`() throws {
    let first = try promote("first").artifact
    try promote("second")
    try promote("second")
    let moved = try Store.write(at: registry) {
      try $0.rollback(ChannelName(argument: "production"), reason: nil)
    }
    #expect(moved.to == first)
  }

  @Test func `a rollback to a damaged artifact is refused`() throws {
    try promote("first")
    try promote("second")
    try Files.removeTree(registry + "/blobs/sha256/" + Digest.sha256("first"))
    let found = failure {
      try Store.write(at: registry) { _ = try $0.rollback(ChannelName(argument: "production"), reason: nil) }
    }
    #expect(found?.kind == .refused && found?.message.contains("is missing (model.safetensors") == true)
  }

  @Test func `a rejected artifact does not move the channel, and the log says why`() throws {
    let good = try promote("first")
    let bad = try promote("second", failed: 8)
    #expect(bad.verdict.outcome == .reject && !bad.moved)
    #expect(try current() == good.artifact)
    let entry = try #require(try Store(path: registry).log.entries.last)
    #expect(entry.action == .refuse && entry.details["reasons"]?.arrayValue?.isEmpty == false)
  }

  @Test func `a person can approve what needs review, but not what is rejected`() throws {
    let artifact = try Sample.artifact(scratch)
    let record = Sample.record(
      try Manifest.digest(of: artifact), metrics: ["perplexity_ratio": 1.04])
    let path = try scratch.write(record.text(), "record.json")
    let policy = try scratch.write(Sample.policy, "policy.yaml")
    func attempt(_ approval: String?) throws -> Promotion {
      try Store.write(at: registry) {
        try $0.promote(
          artifact, to: ChannelName(argument: "production"), recordPath: path, policyPath: policy,
          approval: approval)
      }
    }
    #expect(try !attempt(nil).moved)
    #expect(try attempt("checked by hand").moved)
    #expect(try Store(path: registry).log.entries.last?.details["approved"] == "checked by hand")
    #expect(try !promote("bad", failed: 8, approval: "never mind").moved)
  }

  @Test func `a tampered artifact is rejected and its file named`() throws {
    let artifact = try Sample.artifact(scratch)
    let path = try scratch.write(Sample.record(Manifest.digest(of: artifact)).text(), "record.json")
    let policy = try scratch.write(Sample.policy, "policy.yaml")
    try scratch.write("other", "artifact/model.safetensors")
    let promotion = try Store.write(at: registry) {
      try $0.promote(
        artifact, to: ChannelName(argument: "production"), recordPath: path, policyPath: policy,
        approval: "please")
    }
    #expect(promotion.verdict.outcome == .reject && !promotion.moved)
    #expect(promotion.verdict.reasons.first?.contains("changed model.safetensors") == true)
  }

  @Test(arguments: [
    "", ".", "..", "a/b", "../x", "Production", "a b", "é", String(repeating: "a", count: 65),
  ])
  func `a name that is no channel's is refused`(name: String) {
    #expect(failure { _ = try ChannelName(argument: name) }?.kind == .usage)
  }

  // MARK: The log

  @Test func `every flipped bit of the log breaks the chain at its entry`() throws {
    try promote("first")
    try promote("second")
    let bytes = try Files.read(path: log)
    var line = 1
    // Every eighth byte is enough to reach each member of each entry.
    for index in bytes.indices {
      defer { if bytes[index] == 10 { line += 1 } }
      guard index % 8 == 0 || bytes[index] == 10 else { continue }
      var changed = bytes
      changed[index] ^= 1 << (index / 8 % 7)
      try Files.writeAtomically(changed, to: log)
      let audit = try Store(path: registry).auditLog()
      // A last line that lost its end counts as torn, and then the pointer is ahead of the log.
      let isEnd = index == bytes.count - 1
      #expect(!audit.ok && (isEnd || audit.faults[0].contains("entry \(line)")), "byte \(index)")
    }
  }

  @Test func `a removed, swapped or repeated entry breaks the chain`() throws {
    try promote("first")
    try promote("second")
    let lines = try Files.readText(path: log).split(separator: "\n").map(String.init)
    try #require(lines.count == 4)
    let orders = [[1, 2, 3], [0, 2, 3], [0, 2, 1, 3], [0, 1, 1, 2, 3], [0, 1, 2, 3, 3]]
    for order in orders {
      try Files.writeAtomically(order.map { lines[$0] + "\n" }.joined(), to: log)
      #expect(try !Store(path: registry).auditLog().ok, "\(order)")
      #expect(failure { try Store.write(at: registry) { _ in } }?.kind == .badData, "\(order)")
    }
    try Files.writeAtomically(lines.map { $0 + "\n" }.joined(), to: log)
    #expect(try Store(path: registry).auditLog().ok)
  }

  @Test func `a log cut at an entry is noticed through the pointer`() throws {
    try promote("first")
    try promote("second")
    let lines = try Files.readText(path: log).split(separator: "\n")
    try Files.writeAtomically(lines.dropLast().map { $0 + "\n" }.joined(), to: log)
    let audit = try Store(path: registry).auditLog()
    #expect(audit.faults == ["channels/production: names an entry that the log does not hold"])
    #expect(failure { try Store.write(at: registry) { _ in } }?.message.contains("the log was cut") == true)
  }

  @Test func `a pointer that a killed writer left behind is brought up to the log`() throws {
    try promote("first")
    let old = try Files.read(path: pointer)
    let second = try promote("second").artifact
    try Files.writeAtomically(old, to: pointer)
    #expect(try current() == second)
    #expect(try Store(path: registry).auditLog().notes.count == 1)
    try Store.write(at: registry) { _ in }
    #expect(try JSON.read(path: pointer)["manifest_digest"]?.stringValue == second)
    #expect(try Store(path: registry).auditLog().notes.isEmpty)
  }

  @Test func `a pointer written by hand is refused`() throws {
    try promote("first")
    try Files.writeAtomically("{\"manifest_digest\":\"\(Digest.sha256("mine"))\",\"entry\":1}", to: pointer)
    #expect(try !Store(path: registry).auditLog().ok)
    #expect(failure { try Store.write(at: registry) { _ in } }?.kind == .badData)
  }

  @Test func `a torn last line never counted and is replaced`() throws {
    let first = try promote("first").artifact
    let whole = try Files.read(path: log)
    for length in [1, 20, 200] {
      try Files.writeAtomically(whole + whole.suffix(400).prefix(length), to: log)
      let store = try Store(path: registry)
      #expect(store.log.tornBytes == length && store.channels.first?.artifact == first)
    }
    let second = try promote("second").artifact
    #expect(try current() == second)
    #expect(try Store(path: registry).audit().ok)
  }

  @Test func `two writers take turns`() async throws {
    for name in ["a", "b", "c", "d"] { try Sample.artifact(scratch, name, weights: name) }
    let path = scratch.path
    let registry = registry
    await withTaskGroup(of: Void.self) { group in
      for name in ["a", "b", "c", "d"] {
        group.addTask { _ = try? Store.write(at: registry) { try $0.pin("\(path)/\(name)") } }
      }
    }
    let store = try Store(path: registry)
    #expect(try store.audit().ok)
    #expect(try store.artifacts().count == 4 && store.log.entries.count == 4)
  }
}

extension Files {
  /// Makes a folder and gives its path.
  fileprivate static func make(_ path: String) throws -> String {
    try makeDirectory(path)
    return path
  }
}
