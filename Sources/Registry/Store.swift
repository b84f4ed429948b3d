// The registry on disk:
//
//     registry.json                 says that this folder is one, and its version
//     blobs/sha256/<digest>         every file of every artifact, once; also records and policies
//     manifests/sha256/<digest>     the manifests: an artifact is in the registry when its manifest is here
//     channels/<name>               pointer files
//     log.jsonl                     the hash-chained log
//     lock                          held by the one writer
//
// A manifest is written after all its blobs are durable, so an interrupted pin leaves blobs that nothing refers to,
// which do no harm, and never an artifact that lacks one.

import Glibc
import SafeIO
import TensorCore

/// A registry: pinned artifacts, channels and their log.
package final class Store {
  package let path: String
  package private(set) var log: RegistryLog {
    didSet { channels = Channel.replay(log) }
  }
  /// The channels as the log has them, by name.
  package private(set) var channels: [Channel]

  static let marker = "registry.json"
  private var blobs: String { "\(path)/blobs/sha256" }
  private var manifests: String { "\(path)/manifests/sha256" }
  var pointers: ChannelPointers { ChannelPointers(folder: "\(path)/channels") }

  // MARK: Opening

  /// Opens a registry for reading.
  /// - Throws: `Failure.notFound` when there is none; `badData` when its version is not known.
  package init(path: String) throws(Failure) {
    self.path = path
    guard Store.isRegistry(path) else {
      throw .notFound(path, "no registry here; mlt pin or mlt promote makes one")
    }
    let fields = try Fields(
      JSON.read(path: "\(path)/\(Store.marker)", limit: 4_096), source: "\(path)/\(Store.marker)")
    guard try fields.int("version") == 1 else {
      throw fields.complaint("version", "this mlt knows version 1")
    }
    let log = try RegistryLog(path: "\(path)/log.jsonl")
    self.log = log
    channels = Channel.replay(log)
  }

  package static func isRegistry(_ path: String) -> Bool { Files.exists("\(path)/\(marker)") }

  /// Opens a registry for the one writer, who waits for the others, and repairs what a killed writer left.
  /// - Throws: `Failure`; `badData` when the log is broken, since nothing may be built on it.
  @discardableResult
  package static func write<R>(
    at path: String, creating: Bool = true, _ body: (Store) throws -> R
  ) throws -> R {
    if creating {
      let isFree = try !Files.exists(path) || Files.list(path).allSatisfy { $0 == "lock" || isLeftover($0) }
      guard isFree || isRegistry(path) else {
        throw Failure.usage("\(path) is a folder with other things in it; give an empty --registry")
      }
      try Files.makeDirectory(path)
    } else {
      _ = try Store(path: path)
    }
    let lock = try FileLock(path: "\(path)/lock")
    return try withExtendedLifetime(lock) {
      if creating && !isRegistry(path) {
        try Files.writeAtomically("{\"version\": 1}\n", to: "\(path)/\(marker)")
      }
      let store = try Store(path: path)
      try store.recover()
      return try body(store)
    }
  }

  /// Brings pointers up to the log and removes what killed writers left; needs the lock.
  private func recover() throws(Failure) {
    if let fault = log.fault { throw fault }
    for folder in [blobs, manifests, pointers.folder] { try Files.makeDirectory(folder) }
    for folder in [path, blobs, manifests, pointers.folder] {
      for name in try Files.list(folder) where Store.isLeftover(name) {
        try Files.removeTree("\(folder)/\(name)")
      }
    }
    for channel in channels {
      switch try pointers.state(of: channel, in: log) {
      case .current: break
      case .behind: try pointers.write(channel)
      case .unknownEntry: throw cut(channel.name.description)
      }
    }
    let known = Set(channels.map(\.name.description))
    if let stray = try pointers.names().first(where: { !known.contains($0) }) { throw cut(stray) }
  }

  /// Whether a name is that of a file whose writer died before it was whole.
  private static func isLeftover(_ name: String) -> Bool {
    name.hasPrefix(".") && name.contains(".partial-")
  }

  private func cut(_ channel: String) -> Failure {
    .badData(
      "\(path)/channels/\(channel)",
      "does not fit the log: the log was cut or the pointer written by hand; see mlt verify \(path)")
  }

  // MARK: Channels

  package func channel(_ name: ChannelName) -> Channel? { channels.first { $0.name == name } }

  /// Logs an event that moves no channel.
  package func note(_ action: LogEntry.Action, _ details: JSONObject) throws(Failure) {
    try log.append(action, details)
  }

  /// Moves a channel: the log first, then the pointer.
  package func move(_ name: ChannelName, _ action: LogEntry.Action, _ details: JSONObject) throws(Failure) {
    try log.append(action, details)
    guard let channel = channel(name) else { return }
    try pointers.write(channel)
  }

  // MARK: Artifacts

  /// Whether an artifact is here.
  package func holds(_ digest: String) -> Bool {
    Digest.isValid(digest) && Files.exists("\(manifests)/\(digest)")
  }

  /// The manifest digest behind a digest or the name of a channel.
  package func resolve(_ reference: String) throws(Failure) -> String {
    if Digest.isValid(reference) { return reference }
    guard let name = ChannelName(reference), let channel = channel(name) else {
      let known = channels.map(\.name.description)
      throw .notFound(path, "no channel '\(reference)'\(Spelling.suggestion(for: reference, among: known))")
    }
    return channel.artifact
  }

  /// The manifest digests of all artifacts, in order.
  package func artifacts() throws(Failure) -> [String] {
    Files.isDirectory(manifests) ? try Files.list(manifests).filter(Digest.isValid) : []
  }

  /// The manifest of an artifact, checked against its digest.
  package func manifest(_ digest: String) throws(Failure) -> Manifest {
    guard holds(digest) else { throw .notFound(path, "no artifact \(digest) in this registry") }
    let source = "\(manifests)/\(digest)"
    let bytes = try Files.read(path: source, limit: Manifest.maximumBytes)
    guard Digest.sha256(bytes) == digest else {
      throw .badData(source, "its content is not that of its digest")
    }
    return try Manifest(bytes: bytes, source: source)
  }

  /// Stores an artifact and gives its manifest digest; needs the lock.
  ///
  /// What is here already is checked and kept.
  /// - Throws: `Failure.refused` when the files are not those of the manifest.
  @discardableResult
  package func pin(_ directory: String) throws(Failure) -> String {
    let manifest = try Manifest(directory: directory)
    let verification = try manifest.verify(directory)
    guard verification.ok else {
      throw .refused("\(directory): is not what its manifest says: \(verification.summary)")
    }
    for subject in manifest.subjects { try store(subject, from: directory) }
    for (log, sha256) in manifest.byproducts {
      guard let bytes = try log.reproducible(below: directory), try store(bytes) == sha256 else {
        throw .refused("\(directory)/\(log.path): changed while it was stored")
      }
    }
    let digest = manifest.digest
    if holds(digest) { return digest }
    try Files.writeAtomically(manifest.bytes, to: "\(manifests)/\(digest)")
    try note(.pin, ["artifact": .string(digest), "command": .string(manifest.command)])
    return digest
  }

  /// Copies one file into the blobs: what is hashed is what is written.
  private func store(_ subject: Manifest.Subject, from directory: String) throws(Failure) {
    let blob = "\(blobs)/\(subject.sha256)"
    if Files.exists(blob), try Digest.sha256(path: blob) == subject.sha256 { return }
    let output = try AtomicFile(path: blob)
    let file = try Digest.file(subject.path, below: directory) { bytes throws(Failure) in
      try output.append(bytes)
    }
    guard file.sha256 == subject.sha256 else {
      throw .refused("\(directory)/\(subject.path): changed while it was stored")
    }
    try output.finish()
  }

  /// Stores some bytes, such as a record, and gives their digest; needs the lock.
  package func store(_ bytes: [UInt8]) throws(Failure) -> String {
    let digest = Digest.sha256(bytes)
    if !Files.exists("\(blobs)/\(digest)") { try Files.writeAtomically(bytes, to: "\(blobs)/\(digest)") }
    return digest
  }

  /// The bytes that were stored under a digest.
  package func bytes(_ digest: String) throws(Failure) -> [UInt8] {
    guard Digest.isValid(digest) else { throw .badData(path, "'\(digest)' is not a digest") }
    let bytes = try Files.read(path: "\(blobs)/\(digest)")
    guard Digest.sha256(bytes) == digest else {
      throw .badData("\(blobs)/\(digest)", "its content is not that of its digest")
    }
    return bytes
  }

  /// Writes an artifact into an empty folder, checking every byte on its way.
  package func write(_ digest: String, into directory: String) throws(Failure) {
    let manifest = try manifest(digest)
    for subject in manifest.blobs {
      let target = "\(directory)/\(subject.path)"
      try Files.makeDirectory(Files.parent(of: target))
      let output = try AtomicFile(path: target)
      guard let blob = TreePath(subject.sha256) else { continue }
      let file = try Digest.file(blob, below: blobs) { bytes throws(Failure) in try output.append(bytes) }
      guard file.sha256 == subject.sha256 else {
        throw .badData("\(blobs)/\(blob)", "its content is not that of its digest")
      }
      try output.finish()
    }
    try Files.writeAtomically(manifest.bytes, to: "\(directory)/\(Manifest.fileName)")
  }

  /// What is wrong in an artifact's blobs: each missing or damaged one, with the file it stands for.
  package func faults(of digest: String) throws(Failure) -> [String] {
    let blobs = blobs
    return try Background.map(manifest(digest).blobs, threads: ThreadPool.shared.threads) {
      subject throws(Failure) in
      try Store.fault(ofBlob: subject.sha256, in: blobs, for: "\(subject.path) of \(digest)")
    }.compactMap(\.self)
  }

  /// What is wrong with the blob that `user` needs; nil when nothing is.
  func fault(ofBlob digest: String, for user: String) throws(Failure) -> String? {
    try Store.fault(ofBlob: digest, in: blobs, for: user)
  }

  private static func fault(
    ofBlob digest: String, in blobs: String, for user: String
  ) throws(Failure) -> String? {
    let blob = "\(blobs)/\(digest)"
    guard Files.exists(blob) else { return "\(blob) is missing (\(user))" }
    return try Digest.sha256(path: blob) == digest ? nil : "\(blob) is damaged (\(user))"
  }
}
