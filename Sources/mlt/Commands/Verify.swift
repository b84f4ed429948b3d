// mlt verify: whether an artifact, or a registry, is what it says it is.

import ArgumentParser
import Registry
import SafeIO

/// Checks every file of an artifact against its manifest.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check an artifact, or a registry, byte for byte.",
    discussion: """
      Names each changed, missing and added file. For a registry: the first entry where the log's chain breaks, \
      pointers that do not fit the log, and missing or damaged blobs.

      EXAMPLE
        mlt verify base-4bit
        mlt verify registry --json

      Exit status: 0 intact; 1 not intact; 65 the manifest is malformed; 66 there is none.
      """)

  @Argument(help: "The folder of an artifact or a registry.")
  var path: String

  @OptionGroup var common: CommonOptions

  func run() throws {
    let ok = Store.isRegistry(path) ? try verifyRegistry() : try verifyArtifact()
    guard ok else { throw ExitCode(Failure.Kind.refused.rawValue) }
  }

  private func verifyArtifact() throws -> Bool {
    let verification = try Manifest.verify(path)
    if common.json {
      Console.print(json: Verify.json(verification, path: path))
    } else if verification.ok {
      Console.print(
        "\(path): intact, \(Words.count(verification.fileCount, "file")), \(Words.bytes(verification.byteCount)), "
          + "manifest \(verification.digest)")
    } else {
      for fault in verification.faults {
        let detail = fault.detail.isEmpty ? "" : "  (\(fault.detail))"
        Console.print("\(fault.kind.rawValue)  \(Console.clean(fault.name + detail))")
      }
      Console.error(
        "\(path): is not what its manifest says, \(Words.count(verification.faults.count, "difference"))")
    }
    return verification.ok
  }

  /// The form of `verify --json` for artifacts.
  private static func json(_ verification: Verification, path: String) -> JSON {
    func names(_ names: [String]) -> JSON { .array(names.map(JSON.string)) }
    let faults = verification.faults.map { fault -> JSON in
      ["name": .string(fault.name), "kind": .string(fault.kind.rawValue), "detail": .string(fault.detail)]
    }
    return [
      "version": 1, "path": .string(path), "ok": .bool(verification.ok),
      "manifest_digest": .string(verification.digest), "files": .integer(verification.fileCount),
      "bytes": .integer(verification.byteCount), "changed": names(verification.changed),
      "missing": names(verification.missing), "added": names(verification.added), "faults": .array(faults),
    ]
  }

  private func verifyRegistry() throws -> Bool {
    let audit = try Store(path: path).audit()
    if common.json {
      Console.print(json: [
        "version": 1, "path": .string(path), "ok": .bool(audit.ok), "entries": .integer(audit.entryCount),
        "artifacts": .integer(audit.artifactCount), "faults": .array(audit.faults.map(JSON.string)),
        "notes": .array(audit.notes.map(JSON.string)),
      ])
      return audit.ok
    }
    for fault in audit.faults { Console.print("fault  \(Console.clean(fault))") }
    for note in audit.notes { Console.print("note   \(Console.clean(note))") }
    if audit.ok {
      Console.print("\(path): intact, \(audit.entryCount) log entries, \(audit.artifactCount) artifacts")
    } else {
      Console.error("\(path): the registry is not intact, \(Words.count(audit.faults.count, "fault"))")
    }
    return audit.ok
  }
}
