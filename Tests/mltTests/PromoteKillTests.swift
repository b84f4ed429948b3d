// kill -9 at random moments: a channel is where it was or where it should be, and the log agrees.

import Foundation
import Registry
import SafeIO
import TestSupport
import Testing

@Suite struct PromoteKillTests {
  let folder: GateFolder

  init() throws {
    folder = try GateFolder()
    try folder.scratch.write(
      "version: 1\nname: lax\nsuite: suite\nrules: [{metric: fixtures.pass_rate, min: 0}]", "policy.yaml")
  }

  /// Starts mlt, kills it after `delay` seconds, and says whether it had ended by itself.
  private func kill(_ arguments: [String], after delay: Double) throws -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Mlt.path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    Thread.sleep(forTimeInterval: delay)
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    return process.terminationReason == .exit
  }

  @Test(.timeLimit(.minutes(2)))
  func `fifty kills during promote leave pointer and log together`() throws {
    let names = ["good", "bad"]
    func arguments(_ round: Int) -> [String] {
      let name = names[round % 2]
      return [
        "promote", name, "--channel", "production", "--record", "\(name).json", "--policy", "policy.yaml",
      ]
    }
    let start = ContinuousClock.now
    #expect(try folder.run(arguments(1)).status == 0)
    let duration = (ContinuousClock.now - start) / .seconds(1)

    let allowed = [folder.good, folder.bad]
    let channel = try ChannelName(argument: "production")
    var entries = try Store(path: folder.registry).log.entries
    var finished = 0
    for round in 0..<50 {
      // Later in the run there is more to break, so the moments lie denser there.
      let delay = duration * Double.random(in: 0...1).squareRoot() * 1.1
      if try kill(arguments(round), after: delay) { finished += 1 }
      let store = try Store(path: folder.registry)
      let audit = try store.audit()
      #expect(audit.ok, "round \(round), \(delay) s: \(audit.faults)")
      #expect(store.log.entries.starts(with: entries), "round \(round): the log lost an entry")
      entries = store.log.entries
      let current = try #require(store.channel(channel))
      #expect(allowed.contains(current.artifact))
    }
    #expect(finished < 50, "no kill came in time")
    // The next command needs no help.
    #expect(try folder.run(arguments(0)).status == 0)
    let store = try Store(path: folder.registry)
    let audit = try store.audit()
    #expect(audit.ok && audit.notes.isEmpty)
    let pointer = try JSON.read(path: folder.registry + "/channels/production")
    #expect(pointer["manifest_digest"]?.stringValue == folder.good)
    #expect(store.channel(channel)?.artifact == folder.good)
  }

  @Test(.timeLimit(.minutes(2)))
  func `promotions at the same time take turns`() async throws {
    let folder = folder
    await withTaskGroup(of: Int32.self) { group in
      for round in 0..<8 {
        group.addTask { (try? folder.promote(round % 2 == 0 ? "good" : "bad").status) ?? -1 }
      }
      for await status in group { #expect(status == 0) }
    }
    let store = try Store(path: folder.registry)
    #expect(try store.audit().ok)
    #expect(store.log.entries.count { $0.action == .promote } == 8)
  }
}
