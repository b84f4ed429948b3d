// The output folder while a run is under way: `run.json` from the first moment, `log.jsonl` and `checkpoints/` as it
// goes, the result at the end. A folder without `manifest.json` is unfinished; the configuration file that loaders
// look for comes only with the result, so nothing can take an unfinished folder for an artifact.

import Glibc
import SafeIO

/// The folder of a fine-tuning run, unfinished or finished.
package struct RunDirectory: Sendable {
  /// What the run is: its configuration and the digests of its inputs.
  package static let recordFile = "run.json"
  package static let logFile = "log.jsonl"
  package static let checkpointsFolder = "checkpoints"
  /// Closes the run; written by whoever seals the folder, after `RunDirectory.place`.
  package static let manifestFile = "manifest.json"

  /// The files without which nothing loads a model or an adapter; where one is, the result is whole.
  private static let placedLast = ["config.json", AdapterFiles.configurationFile]

  package let path: String
  /// Held while one process trains into the folder: the lock of `run.json`, which outlives the run unchanged.
  private var lock: FileLock?

  private init(path: String) { self.path = path }

  /// What was found at the folder's place.
  package enum Start: Sendable {
    /// A new run begins at step 0.
    case fresh(RunDirectory)
    /// An unfinished run goes on.
    case resumed(RunDirectory)
    /// The result of the same run is there, and only its manifest is missing.
    case placed(RunDirectory)
    /// The same run is there, complete.
    case finished(RunDirectory)

    package var directory: RunDirectory {
      switch self {
      case .fresh(let run), .resumed(let run), .placed(let run), .finished(let run): run
      }
    }
  }

  /// Opens the folder of a run, and keeps other processes out of it for as long as what is returned lives.
  ///
  /// - Parameters:
  ///   - path: the output folder.
  ///   - record: everything that decides the result; a resumed run must have the same.
  ///   - resume: goes on with an unfinished run of the same record, or begins when there is none.
  ///   - overwrite: begins anew in place of whatever folder is there.
  /// - Throws: `Failure.usage` when the folder is taken, or holds another run; `Failure.io`.
  package static func open(at path: String, record: JSON, resume: Bool, overwrite: Bool) throws -> Start {
    var run = RunDirectory(path: path)
    run.lock = try unfinishedLock(path)
    let recordPath = "\(path)/\(recordFile)"
    if !overwrite && Files.exists(recordPath) {
      guard resume else {
        throw Failure.usage(
          run.isFinished
            ? "\(path) exists already; give another --out, or --overwrite to replace it"
            : "\(path) holds an unfinished run; --resume continues it, --overwrite starts over")
      }
      try compare(JSON.read(path: recordPath), record, path: path)
      if run.isFinished { return .finished(run) }
      return placedLast.contains { Files.exists("\(path)/\($0)") } ? .placed(run) : .resumed(run)
    }
    try OutputDirectory.create(at: path, overwrite: overwrite) { staging in
      try Files.writeAtomically(record.text(.pretty(indent: 2)) + "\n", to: "\(staging)/\(recordFile)")
    }
    run.lock = try unfinishedLock(path)
    return .fresh(run)
  }

  /// The lock of an unfinished run, nil where there is none to be unfinished.
  private static func unfinishedLock(_ path: String) throws(Failure) -> FileLock? {
    guard Files.exists("\(path)/\(recordFile)"), !RunDirectory(path: path).isFinished else { return nil }
    guard let lock = try FileLock(unlessHeld: "\(path)/\(recordFile)") else {
      throw .usage("another process is training into \(path); wait for its end, or give another --out")
    }
    return lock
  }

  /// Says early, before any work, what `open` would say about a folder that is taken.
  package static func checkFree(_ path: String, resume: Bool, overwrite: Bool) throws(Failure) {
    _ = try unfinishedLock(path)
    if resume && Files.exists("\(path)/\(recordFile)") { return }
    if Files.exists("\(path)/\(recordFile)") && !overwrite && !RunDirectory(path: path).isFinished {
      throw .usage("\(path) holds an unfinished run; --resume continues it, --overwrite starts over")
    }
    try OutputDirectory.checkFree(path, overwrite: overwrite)
  }

  package var isFinished: Bool { Files.exists("\(path)/\(Self.manifestFile)") }

  /// Moves the files that `body` makes into the folder, those without which nothing loads the rest at the end.
  package func place(_ body: (_ staging: String) throws -> Void) throws {
    let staging = "\(path)/.result"
    try Files.removeTree(staging)
    try Files.makeDirectory(staging)
    try body(staging)
    let names = try Files.list(staging)
    for name in names.filter({ !Self.placedLast.contains($0) }) + names.filter(Self.placedLast.contains) {
      try Files.sync("\(staging)/\(name)")
      guard rename("\(staging)/\(name)", "\(path)/\(name)") == 0 else {
        throw Failure.io("\(path)/\(name)", "write", errno: errno)
      }
    }
    try Files.removeTree(staging)
    try Files.sync(path)
  }

  /// Removes what only an unfinished run needs.
  package func removeCheckpoints() throws(Failure) {
    try Files.removeTree("\(path)/\(Self.checkpointsFolder)")
  }

  /// Throws a sentence that names each setting in which the records differ.
  private static func compare(_ old: JSON, _ new: JSON, path: String) throws(Failure) {
    var differences: [String] = []
    collect(old, new, "", into: &differences)
    guard let first = differences.first else { return }
    let more = differences.count > 1 ? ", and \(differences.count - 1) more" : ""
    throw .usage(
      "\(path): the run to resume is not the one asked for: \(first)\(more); give the same settings, model and data, "
        + "or another --out")
  }

  private static func collect(_ old: JSON, _ new: JSON, _ name: String, into differences: inout [String]) {
    if case .object(let left) = old, case .object(let right) = new {
      for key in left.keys + right.keys.filter({ left[$0] == nil }) {
        collect(left[key] ?? .null, right[key] ?? .null, key, into: &differences)
      }
    } else if old != new {
      differences.append("\(name) was \(old.text(.python)) and is \(new.text(.python))")
    }
  }
}
