// Writes the weights of a model folder: shards of a bounded size and their index, named as Hugging Face and MLX name
// them, or one HDF5 file. Streams tensor by tensor; nothing but headers is held.

import SafeIO
import TensorCore

/// Writes `model.safetensors`, or `model-00001-of-0000N.safetensors` and so on with an index, or `model.h5`.
package final class ModelWriter {
  /// When `model.safetensors.index.json` is written.
  package enum Index: Sendable {
    /// Only beside several shards, as transformers does.
    case whenSharded
    /// Always, as mlx-lm does.
    case always
  }

  /// The most that mlx-lm puts into one file (utils.py, `MAX_FILE_SIZE_GB`).
  package static let usualShardBytes = 5 << 30

  private let directory: String
  private let format: WrittenFormat
  private let index: Index
  private let totalBytes: Int
  private let totalParameters: Int
  private let shardNames: [String]
  private let placeOfTensor: [ExactName: (shard: Int, entry: TensorEntry)]
  private let tensorsOfShard: [[TensorEntry]]
  private let metadata: WeightMetadata
  private let durably: Bool
  private let follower: (any FileFollower)?
  private var writers: [Int: any WeightFileWriter] = [:]
  /// Tensors of each shard that are not complete yet.
  private var tensorsLeft: [Int]

  /// Plans the shards: the tensors in the given order, a new shard before one that would exceed the limit.
  ///
  /// - Parameters:
  ///   - directory: an existing folder, normally a staging folder.
  ///   - entries: every tensor that will be appended, each name once.
  ///   - format: of the files; HDF5 goes into one file without an index.
  ///   - totalParameters: the model's parameters before quantization, for the index; the number of elements when nil.
  ///   - metadata: for each file's header, `["format": "pt"]` or `["format": "mlx"]`.
  ///   - maximumShardBytes: the most tensor bytes in one file; a larger tensor has a file of its own.
  ///   - durably: whether each file is made durable when it is complete; false in a staging folder, which is made durable
  ///     as a whole, while more is still to be done.
  ///   - follower: who reads the files while they are written, which is no more work at the end only if tensors come
  ///     `inFileOrder`.
  package init(
    directory: String, entries: [TensorEntry], format: WrittenFormat = .safetensors,
    totalParameters: Int? = nil,
    metadata: WeightMetadata = ["format": "pt"], index: Index = .whenSharded,
    maximumShardBytes: Int = ModelWriter.usualShardBytes, durably: Bool = true,
    follower: (any FileFollower)? = nil
  ) {
    var shards: [[TensorEntry]] = [[]]
    var size = 0
    for entry in entries {
      if format == .safetensors && size > 0 && size + entry.byteCount > maximumShardBytes {
        shards.append([])
        size = 0
      }
      shards[shards.count - 1].append(entry)
      size += entry.byteCount
    }
    self.directory = directory
    self.format = format
    self.index = format == .safetensors ? index : .whenSharded
    self.metadata = metadata
    self.durably = durably
    self.follower = follower
    self.totalParameters = totalParameters ?? entries.reduce(0) { $0 + $1.elementCount }
    totalBytes = entries.reduce(0) { $0 + $1.byteCount }
    tensorsOfShard = shards
    tensorsLeft = shards.map(\.count)
    shardNames =
      format == .hdf5
      ? [HDF5File.modelFile] : shards.indices.map { Self.fileName(shard: $0 + 1, of: shards.count) }
    var placeOfTensor: [ExactName: (shard: Int, entry: TensorEntry)] = [:]
    for (number, shard) in shards.enumerated() {
      for entry in shard { placeOfTensor[ExactName(entry.name)] = (number, entry) }
    }
    self.placeOfTensor = placeOfTensor
  }

  /// Items that each lead to a tensor, in the order in which the files hold the tensors: written so, files grow from
  /// their beginning.
  package func inFileOrder<Item>(_ items: [Item], _ name: (Item) -> String) -> [Item] {
    let ordered = tensorsOfShard.flatMap { format.writer.inFileOrder($0) }
    let place = Dictionary(uniqueKeysWithValues: zip(ordered.map { ExactName($0.name) }, 0...))
    // Parts of one tensor keep the order in which they came.
    return items.enumerated().map { (place: place[ExactName(name($1))] ?? 0, order: $0, item: $1) }
      .sorted { ($0.place, $0.order) < ($1.place, $1.order) }.map(\.item)
  }

  /// Writes a whole tensor of the announced type and shape, in any order.
  ///
  /// - Throws: `Failure.io`.
  package func append(_ name: String, _ tensor: Tensor) throws(Failure) {
    precondition(
      placeOfTensor[ExactName(name)]?.entry
        == TensorEntry(name: name, dtype: tensor.dtype, shape: tensor.shape),
      "'\(name)' was announced with another type or shape")
    // The bytes are valid while the tensor is alive; inside the closure the error would lose its type.
    defer { withExtendedLifetime(tensor) {} }
    try append(name, bytes: tensor.withBytes { $0 })
  }

  /// Writes the next bytes of a tensor; a large one may come in several pieces, between those of others.
  ///
  /// - Throws: `Failure.io`.
  package func append(_ name: String, bytes: UnsafeRawBufferPointer) throws(Failure) {
    let shard = shard(of: name)
    try writer(ofShard: shard).append(name, bytes: bytes)
    try closeIfComplete(shard, after: name)
  }

  private func shard(of name: String) -> Int {
    guard let place = placeOfTensor[ExactName(name)] else {
      preconditionFailure("'\(name)' was not announced")
    }
    return place.shard
  }

  private func closeIfComplete(_ shard: Int, after name: String) throws(Failure) {
    let writer = try writer(ofShard: shard)
    guard writer.isComplete(name) else { return }
    tensorsLeft[shard] -= 1
    if tensorsLeft[shard] == 0 {
      try writer.finish(durably: durably)
      writers[shard] = nil
    }
  }

  /// Writes the index, after every tensor has been appended.
  package func finish() throws(Failure) {
    precondition(tensorsLeft.allSatisfy { $0 == 0 }, "a tensor that was announced is missing")
    if tensorsOfShard == [[]] { try writer(ofShard: 0).finish(durably: durably) }
    guard shardNames.count > 1 || index == .always else { return }
    var map = JSONObject()
    for (name, place) in placeOfTensor.sorted(by: { $0.key.text.precedes($1.key.text) }) {
      map[name.text] = .string(shardNames[place.shard])
    }
    let content: JSON = [
      "metadata": ["total_size": .integer(totalBytes), "total_parameters": .integer(totalParameters)],
      "weight_map": .object(map),
    ]
    try Files.writeAtomically(content.text(.pretty(indent: 4)), to: "\(directory)/\(ShardIndex.fileName)")
  }

  private func writer(ofShard shard: Int) throws(Failure) -> any WeightFileWriter {
    if let writer = writers[shard] { return writer }
    let (path, entries) = ("\(directory)/\(shardNames[shard])", tensorsOfShard[shard])
    let writer: any WeightFileWriter =
      switch format {
      case .safetensors:
        try SafetensorsWriter(path: path, entries: entries, metadata: metadata, follower: follower)
      // What libhdf5 writes is not there before the tensors are, so it is hashed afterwards.
      case .hdf5: try HDF5Writer(path: path, entries: entries, metadata: metadata)
      }
    writers[shard] = writer
    return writer
  }

  private static func fileName(shard: Int, of count: Int) -> String {
    guard count > 1 else { return "model.safetensors" }
    func padded(_ number: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    return "model-\(padded(shard))-of-\(padded(count)).safetensors"
  }
}
