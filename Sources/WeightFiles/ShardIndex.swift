// `model.safetensors.index.json`: which shard holds which tensor. It is the soft spot of safetensors: a reader that
// joins its file names to the folder unchecked reads files elsewhere. So a name has to be a plain one and the file it
// names has to lie in the folder.

import Glibc
import SafeIO

/// The checked content of an index file.
struct ShardIndex {
  static let fileName = "model.safetensors.index.json"

  /// The path of the index file, for errors.
  let path: String
  /// The shards' file names, each once, in UTF-8 order.
  let shards: [String]
  /// The shard of each tensor, in the order of the file.
  let shardOfTensor: [(tensor: String, shard: String)]

  /// Reads and checks `directory/model.safetensors.index.json`.
  ///
  /// - Throws: `Failure.badData` that names the entry.
  init(directory: String) throws(Failure) {
    path = "\(directory)/\(Self.fileName)"
    let map = try Fields(try JSON.read(path: path), source: path).fields("weight_map")
    var shardOfTensor: [(tensor: String, shard: String)] = []
    for (tensor, value) in map.object {
      guard let shard = value.stringValue else {
        throw map.complaint(tensor, "expected the name of a shard, found \(value.kindName)")
      }
      shardOfTensor.append((tensor, shard))
    }
    self.shardOfTensor = shardOfTensor
    shards = Set(shardOfTensor.map { ExactName($0.shard) }).map(\.text).sorted { $0.precedes($1) }
    guard !shards.isEmpty else { throw .badData(path, "weight_map names no tensor") }
    for shard in shards { try Self.check(shard, directory: directory, path: path) }
  }

  private static func check(_ shard: String, directory: String, path: String) throws(Failure) {
    let isPlain = shard.utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }
    guard isPlain, shard.hasSuffix(".safetensors"), !shard.hasPrefix(".") else {
      throw .badData(
        path, "weight_map names the shard '\(shard)', expected the plain name of a .safetensors file")
    }
    let file = "\(directory)/\(shard)"
    guard let resolved = resolve(file), let folder = resolve(directory) else {
      throw .badData(
        path, "weight_map names the shard '\(shard)', which is not in the folder; download it again")
    }
    let parent = Files.parent(of: resolved)
    guard parent == folder || parent == hubBlobs(folder) else {
      throw .badData(path, "the shard '\(shard)' is a link that leads out of the folder, to \(resolved)")
    }
  }

  /// The path without links, nil when nothing is there.
  private static func resolve(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Where the Hugging Face cache keeps the files of `…/snapshots/REVISION`, which are links into it.
  private static func hubBlobs(_ folder: String) -> String? {
    let snapshots = Files.parent(of: folder)
    return Files.name(of: snapshots) == "snapshots" ? "\(Files.parent(of: snapshots))/blobs" : nil
  }
}
