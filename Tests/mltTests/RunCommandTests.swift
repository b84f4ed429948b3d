// mlt run on the example recipe.

import Foundation
import Registry
import SafeIO
import TestSupport
import Testing

@Suite struct RunCommandTests {
  let folder: GateFolder

  init() throws {
    folder = try GateFolder()
    try Files.copy(
      from: Shared.repository + "/Tests/mltTests/Goldens/recipe.yaml", to: folder.path + "/recipe.yaml")
  }

  /// What became of each step, from `--json`.
  private func outcomes(_ run: Mlt.Run) throws -> [String] {
    try run.stdout.split(separator: "\n").compactMap { line in
      let json = try JSON.parse(String(line), source: "line")
      return json["name"]?.stringValue.map { "\($0) \(json["outcome"]?.stringValue ?? "")" }
    }
  }

  @Test func `the example runs, and a second run skips every step`() throws {
    let first = try folder.run(["run", "recipe.yaml", "--json"])
    #expect(first.status == 0, "\(first.stderr)")
    #expect(try outcomes(first) == ["verify done", "promote done", "refuse done", "checkout done"])
    #expect(try JSON.read(path: folder.path + "/out/promote.json")["verdict"] == "accept")
    #expect(try JSON.read(path: folder.path + "/out/refuse.json")["verdict"] == "reject")
    #expect(try Manifest.digest(of: folder.path + "/out/served") == folder.good)

    let second = try folder.run(["run", "recipe.yaml"])
    #expect(second.status == 0)
    let lines = second.stdout.split(separator: "\n")
    #expect(lines[0] == "[1/4] verify: unchanged, skipped")
    #expect(lines[1].hasPrefix("good: intact, 2 files"))
    #expect(
      lines[2...4] == [
        "[2/4] promote: unchanged, skipped", "[3/4] refuse: unchanged, skipped",
        "[4/4] checkout: unchanged, skipped",
      ])
    #expect(lines[5].hasPrefix("example: 0 steps done, 4 skipped, "))
  }

  @Test func `a recipe runs from any folder, into any folder, to the same bytes`() throws {
    _ = try folder.run(["run", "recipe.yaml"])
    let other = try Scratch()
    let run = try Mlt.run(["run", folder.path + "/recipe.yaml", "--out", "here"], in: other.path)
    #expect(run.status == 0, "\(run.stderr)")
    #expect(
      try Digest.tree(other.path + "/here/served").digest == Digest.tree(folder.path + "/out/served").digest)
  }

  @Test func `a failed step gives its message and its status`() throws {
    try Files.removeTree(folder.path + "/good/manifest.json")
    let run = try folder.run(["run", "recipe.yaml"])
    #expect(run.status == 66)
    #expect(
      run.stderr.hasSuffix(
        "mlt: step 'verify' ended with status 66: good/manifest.json: no manifest; every folder that mlt "
          + "writes has one\n"))
    #expect(run.stdout.hasPrefix("[1/4] verify: failed after "))
  }

  @Test func `a wrong flag in the last step is found before the first`() throws {
    let recipe = try Files.readText(path: folder.path + "/recipe.yaml")
    try Files.writeAtomically(
      recipe.replacing("checkout: ${channel}", with: "checkout: ${channel}\n      overwrit: true"),
      to: folder.path + "/recipe.yaml")
    let run = try folder.run(["run", "recipe.yaml"])
    #expect(run.status == 65)
    #expect(run.stderr.contains("recipe.yaml: step 'checkout': "))
    #expect(run.stderr.contains("--overwrit"))
    #expect(run.stdout.isEmpty && !Files.exists(folder.path + "/out"))
  }

  @Test func `a recipe can't run itself, or what is no command`() throws {
    let recipe = try Files.readText(path: folder.path + "/recipe.yaml")
    try Files.writeAtomically(
      recipe.replacing("run: verify", with: "run: run"), to: folder.path + "/recipe.yaml")
    let run = try folder.run(["run", "recipe.yaml"])
    #expect(run.status == 65 && run.stderr.contains("'run' is no command of mlt"))
  }

  @Test(.timeLimit(.minutes(1)))
  func `a killed run goes on where it was`() throws {
    for delay in [0.02, 0.06, 0.1, 0.15, 0.2, 0.25, 0.3] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: Mlt.path)
      process.arguments = ["run", "recipe.yaml"]
      process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      Thread.sleep(forTimeInterval: delay)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    let run = try folder.run(["run", "recipe.yaml"])
    #expect(run.status == 0, "\(run.stderr)")
    #expect(try Manifest.digest(of: folder.path + "/out/served") == folder.good)
    #expect(try folder.run(["verify", "out/registry"]).status == 0)
    #expect(
      try outcomes(folder.run(["run", "recipe.yaml", "--json"])).allSatisfy { $0.hasSuffix("skipped") })
  }

  @Test(.timeLimit(.minutes(1)))
  func `an interrupted run ends its step and says so`() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Mlt.path)
    process.arguments = ["run", "recipe.yaml"]
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    // The second step waits for the lock of its registry, which is ours.
    try Files.makeDirectory(folder.path + "/out/registry")
    let lock = try FileLock(path: folder.path + "/out/registry/lock")
    // The threads that tests run on block signals, and a child inherits that.
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    try process.run()
    pthread_sigmask(SIG_SETMASK, &before, nil)
    Thread.sleep(forTimeInterval: 0.6)
    process.interrupt()
    process.waitUntilExit()
    withExtendedLifetime(lock) {}
    #expect(process.terminationStatus == 130)
    #expect(!Files.exists(folder.path + "/out/served"))
  }
}
