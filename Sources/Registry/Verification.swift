// Whether an artifact is what its manifest says: each changed, missing and added file by name.

import SafeIO

/// What a check of an artifact found.
package struct Verification: Sendable, Equatable {
  package struct Fault: Sendable, Equatable {
    package enum Kind: String, Sendable {
      case changed
      case missing
      case added
    }

    package let kind: Kind
    package let name: String
    /// What is known beyond the kind, such as the name a file was given; may be empty.
    package let detail: String
  }

  /// In code point order of their names.
  package let faults: [Fault]
  /// The digest of the manifest.
  package let digest: String
  /// How many files the manifest lists.
  package let fileCount: Int
  /// Bytes that were hashed.
  package let byteCount: Int

  package var ok: Bool { faults.isEmpty }
  package var changed: [String] { names(.changed) }
  package var missing: [String] { names(.missing) }
  package var added: [String] { names(.added) }

  /// The faults in one line, at most ten of them.
  package var summary: String {
    let shown = faults.prefix(10).map { "\($0.kind.rawValue) \($0.name)" }.joined(separator: ", ")
    return faults.count > 10 ? "\(shown) and \(faults.count - 10) more" : shown
  }

  private func names(_ kind: Fault.Kind) -> [String] { faults.filter { $0.kind == kind }.map(\.name) }
}

extension Manifest {
  /// Checks the artifact in `directory` against its manifest.
  /// - Throws: `Failure.notFound` without a manifest, `badData` when it is malformed.
  package static func verify(_ directory: String) throws(Failure) -> Verification {
    try Manifest(directory: directory).verify(directory)
  }

  /// Checks the files of the folder from which this manifest was read.
  package func verify(_ directory: String) throws(Failure) -> Verification {
    let found = Dictionary(
      uniqueKeysWithValues: try FileTree(directory).entries.map { ($0.path, $0.kind) })
    let listed = Set(blobs.map(\.path))
    var faults: [TreePath: (kind: Verification.Fault.Kind, detail: String)] = [:]
    var byteCount = 0
    for path in listed {
      switch found[path] {
      case .file: break
      case .symbolicLink: faults[path] = (.changed, "is a symbolic link now")
      case .special: faults[path] = (.changed, "is not a regular file now")
      case nil: faults[path] = (.missing, "")
      }
    }
    let present = subjects.filter { faults[$0.path] == nil }
    for (subject, file) in zip(present, try Digest.files(present.map(\.path), below: directory)) {
      byteCount += file.size
      if file.sha256 != subject.sha256 { faults[subject.path] = (.changed, "") }
    }
    for (log, sha256) in byproducts where faults[log.path] == nil {
      let bytes = try log.reproducible(below: directory)
      byteCount += bytes?.count ?? 0
      if bytes.map({ Digest.sha256($0) }) != sha256 { faults[log.path] = (.changed, "") }
    }
    let added = found.keys.filter { !listed.contains($0) && $0.text != Manifest.fileName }.sorted()
    for path in added {
      faults[path] = (.added, found[path] == .symbolicLink ? "a symbolic link" : "")
    }
    // A name that is missing and one that is new may be one file that was renamed: say so.
    var renamed = subjects.filter { faults[$0.path]?.kind == .missing }
    for path in added where !renamed.isEmpty && found[path] == .file {
      let sha256 = try Digest.file(path, below: directory).sha256
      guard let index = renamed.firstIndex(where: { $0.sha256 == sha256 }) else { continue }
      let old = renamed.remove(at: index).path
      faults[old]?.detail = "renamed to \(path)"
      faults[path]?.detail = "renamed from \(old)"
    }
    if let path = TreePath(Manifest.fileName), !isUnchanged {
      faults[path] = (.changed, "is not as mlt wrote it")
    }
    return Verification(
      faults: faults.sorted { $0.key < $1.key }.map {
        Verification.Fault(kind: $0.value.kind, name: $0.key.text, detail: $0.value.detail)
      }, digest: digest, fileCount: listed.count, byteCount: byteCount)
  }
}
