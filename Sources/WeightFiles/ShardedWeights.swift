// The weights of a model folder: one `model.safetensors`, or shards with an index. Which of the two it was can't be
// seen from outside.

import SafeIO
import TensorCore

/// The tensors of a Hugging Face style model folder.
package final class ShardedWeights: WeightSource {
  package let entries: [TensorEntry]
  /// The metadata of the first shard; writers give every shard the same.
  package let metadata: WeightMetadata
  /// The files that hold the tensors, in the order of their names.
  package let files: [String]
  private let directory: String
  private let shards: [SafetensorsFile]
  /// For each entry, the shard that holds it.
  private let shardOfEntry: [Int]

  /// Opens and checks every shard.
  ///
  /// - Throws: `Failure.notFound` when the folder has no weights, `badData` when index and shards disagree.
  package init(directory: String) throws(Failure) {
    let index = try Self.index(of: directory)
    let names = index?.shards ?? ["model.safetensors"]
    var shards: [SafetensorsFile] = []
    for name in names { shards.append(try SafetensorsFile(path: "\(directory)/\(name)")) }

    var located: [(entry: TensorEntry, shard: Int)] = []
    for (number, shard) in shards.enumerated() { located += shard.entries.map { ($0, number) } }
    located.sort { $0.entry.name.precedes($1.entry.name) }
    for (left, right) in zip(located, located.dropFirst())
    where ExactName(left.entry.name) == ExactName(right.entry.name) {
      throw .badData(
        directory,
        "the tensor '\(left.entry.name)' is in two shards, \(names[left.shard]) and \(names[right.shard])")
    }
    self.directory = directory
    self.shards = shards
    files = names.map { "\(directory)/\($0)" }
    entries = located.map(\.entry)
    shardOfEntry = located.map(\.shard)
    metadata = shards[0].metadata
    if let index { try checkLocations(index, names) }
  }

  package func tensor(_ name: String) throws(Failure) -> Tensor { try shard(of: name).tensor(name) }

  package func bytes(_ name: String) throws(Failure) -> UnsafeRawBufferPointer {
    try shard(of: name).bytes(name)
  }

  package func forget(_ name: String) { try? shard(of: name).forget(name) }

  private func shard(of name: String) throws(Failure) -> SafetensorsFile {
    guard let position = entries.position(of: name) else {
      throw .badData(directory, "has no tensor '\(name)'")
    }
    return shards[shardOfEntry[position]]
  }

  /// Whether a folder has weights in this format.
  static func isIn(_ directory: String) -> Bool {
    [ShardIndex.fileName, "model.safetensors"].contains { Files.exists("\(directory)/\($0)") }
  }

  private static func index(of directory: String) throws(Failure) -> ShardIndex? {
    if Files.exists("\(directory)/\(ShardIndex.fileName)") { return try ShardIndex(directory: directory) }
    guard Files.exists("\(directory)/model.safetensors") else {
      throw .notFound(
        directory, "has neither model.safetensors nor \(ShardIndex.fileName) nor \(HDF5File.modelFile)")
    }
    return nil
  }

  /// Every tensor of the index must lie where the index says.
  private func checkLocations(_ index: ShardIndex, _ names: [String]) throws(Failure) {
    for (tensor, stated) in index.shardOfTensor.sorted(by: { $0.tensor.precedes($1.tensor) }) {
      guard let position = entries.position(of: tensor) else {
        throw .badData(index.path, "says that the tensor '\(tensor)' is in \(stated), which does not have it")
      }
      let actual = names[shardOfEntry[position]]
      guard ExactName(actual) == ExactName(stated) else {
        throw .badData(index.path, "says that the tensor '\(tensor)' is in \(stated), but it is in \(actual)")
      }
    }
  }
}
