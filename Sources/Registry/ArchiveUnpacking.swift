// An archive from outside, unpacked: nothing is written outside the folder, and nothing stays that is not what the manifest
// says.

import Glibc
import SafeIO

/// One archive on its way into a folder.
struct ArchiveUnpacking {
  private let path: String
  private let directory: String
  private let reader: TarReader
  /// The digest of each file that was written.
  private var found: [TreePath: String] = [:]
  private var folders: Set<TreePath> = []
  private var byteCount = 0
  /// Once the manifest has come: the digest of each file that it lists, nil of a log.
  private var listed: [TreePath: String?]?

  /// - Parameter directory: an empty folder.
  init(_ path: String, into directory: String) throws(Failure) {
    self.path = path
    self.directory = directory
    reader = try TarReader(path: path)
  }

  /// Writes and checks every file.
  ///
  /// - Throws: `Failure.badData` for an archive that is malformed, leads out of the folder, or is not what its manifest
  ///   says; `notFound` when it holds no manifest.
  mutating func run(_ progress: (any ProgressReporting)?) throws(Failure) -> Archive.Contents {
    progress?.begin("unpacking", total: reader.size)
    while let member = try reader.next() {
      try checkPlace(of: member)
      found[member.path] = try write(member)
      byteCount += member.size
      if member.path.text == Manifest.fileName, found.count == 1 { try readManifest() }
      try checkDigest(of: member.path)
      progress?.advance(to: reader.bytesRead, detail: member.path.text)
    }
    progress?.end(summary: nil)
    try removeTopFolder()
    let manifest = try readManifest()
    for path in found.keys.sorted() {
      try checkPlace(ofListed: path)
      try checkDigest(of: path)
    }
    for path in manifest.files where found[path] == nil {
      throw .badData(self.path, "lacks '\(path)', which the manifest lists")
    }
    for (log, sha256) in manifest.byproducts {
      let bytes = try log.reproducible(below: directory)
      guard bytes.map({ Digest.sha256($0) }) == sha256 else { throw mismatch(log.path) }
    }
    return Archive.Contents(manifest: manifest, byteCount: byteCount, archiveSize: reader.size)
  }

  @discardableResult
  private mutating func readManifest() throws(Failure) -> Manifest {
    guard Files.exists("\(directory)/\(Manifest.fileName)") else {
      throw .notFound(path, "has no \(Manifest.fileName); tar --zstd -xf unpacks what is no artifact")
    }
    let manifest = try Manifest(directory: directory)
    guard manifest.isUnchanged else {
      throw .badData("\(path): '\(Manifest.fileName)'", "is not as mlt wrote it")
    }
    var listed: [TreePath: String?] = [:]
    for path in manifest.files { listed.updateValue(nil, forKey: path) }
    for subject in manifest.subjects { listed[subject.path] = subject.sha256 }
    self.listed = listed
    return manifest
  }

  private func checkPlace(of member: TarReader.Member) throws(Failure) {
    let isTaken =
      found[member.path] != nil || folders.contains(member.path)
      || member.path.folders.contains { found[$0] != nil }
    guard !isTaken else { throw .badData("\(path): '\(member.path)'", "is in the archive twice") }
    try checkPlace(ofListed: member.path)
  }

  private func checkPlace(ofListed file: TreePath) throws(Failure) {
    guard let listed, file.text != Manifest.fileName else { return }
    guard listed.keys.contains(file) else {
      throw .badData("\(path): '\(file)'", "is not in the manifest")
    }
  }

  private func checkDigest(of file: TreePath) throws(Failure) {
    if let expected = listed?[file] ?? nil, expected != found[file] { throw mismatch(file) }
  }

  private func mismatch(_ file: TreePath) -> Failure {
    .badData("\(path): '\(file)'", "is not what the manifest says")
  }

  /// Writes a file and gives its digest.
  private mutating func write(_ member: TarReader.Member) throws(Failure) -> String {
    let target = "\(directory)/\(member.path)"
    let folders = member.path.folders
    if let folder = folders.last, self.folders.insert(folder).inserted {
      self.folders.formUnion(folders)
      try Files.makeDirectory("\(directory)/\(folder)")
    }
    var room = statvfs()
    if statvfs(directory, &room) == 0, member.size / Int(max(1, room.f_frsize)) > Int(room.f_bavail) {
      throw Failure(
        .io, "\(path): '\(member.path)' has \(Words.bytes(member.size)), more than is free on the disk")
    }
    let descriptor = open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .io(target, "create", errno: errno) }
    defer { close(descriptor) }
    return try Digest.stream(from: reader.read) { piece throws(Failure) in
      try Files.writeAll(piece, to: descriptor, path: target)
    }.sha256
  }

  /// Archives are also made of a folder with its name: then everything lies in that folder, and moves up.
  private mutating func removeTopFolder() throws(Failure) {
    let names = try Files.list(directory)
    guard names.count == 1, Files.exists("\(directory)/\(names[0])/\(Manifest.fileName)") else { return }
    // Out of the way, since a file in it may have its name.
    let inner = "\(directory).top"
    guard rename("\(directory)/\(names[0])", inner) == 0 else { throw .io(inner, "write", errno: errno) }
    defer { try? Files.removeTree(inner) }
    for name in try Files.list(inner) where rename("\(inner)/\(name)", "\(directory)/\(name)") != 0 {
      throw .io("\(directory)/\(name)", "write", errno: errno)
    }
    let prefix = names[0].utf8.count + 1
    found = Dictionary(
      uniqueKeysWithValues: found.compactMap { path, sha256 in
        TreePath(String(Substring(path.text.utf8.dropFirst(prefix)))).map { ($0, sha256) }
      })
  }
}

extension Archive {
  /// Unpacks an archive into an empty folder, normally a staging folder, and checks every byte of it.
  ///
  /// Where the manifest comes first, a file that it does not list is refused before a byte of it is written.
  /// - Throws: `Failure.badData` for an archive that is malformed, leads out of the folder, or is not what its manifest
  ///   says; `notFound` when it holds no manifest.
  package static func unpack(
    _ path: String, into directory: String, progress: (any ProgressReporting)? = nil
  ) throws(Failure) -> Contents {
    var unpacking = try ArchiveUnpacking(path, into: directory)
    return try unpacking.run(progress)
  }
}

extension TreePath {
  /// The folders that it lies in, the outermost first.
  fileprivate var folders: [TreePath] {
    var (folders, text) = ([TreePath](), "")
    for part in parts.dropLast() {
      text += text.isEmpty ? part : "/\(part)"
      if let folder = TreePath(text) { folders.append(folder) }
    }
    return folders
  }
}
