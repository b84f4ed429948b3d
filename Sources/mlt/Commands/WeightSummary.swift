// The tensors of a weight file at a glance.

import TensorCore
import WeightFiles

/// Counts and sizes of tensors.
struct WeightSummary {
  struct Entry {
    let name: String
    /// The type as the format spells it.
    let type: String
    let shape: [Int]
    let byteCount: Int

    var elementCount: Int { shape.reduce(1, *) }
  }

  /// Tensors of one type and shape whose names differ in numbers only.
  struct Group {
    let pattern: String
    let type: String
    let shape: [Int]
    var count: Int
    var bytes: Int
  }

  let entries: [Entry]
  let metadata: WeightMetadata

  init(_ source: any WeightSource) {
    entries = source.entries.map {
      Entry(name: $0.name, type: $0.dtype.safetensorsName, shape: $0.shape, byteCount: $0.byteCount)
    }
    metadata = source.metadata
  }

  init(_ file: GGUFFile) {
    entries = file.header.tensors.map {
      Entry(name: $0.name, type: $0.type.name, shape: $0.shape, byteCount: $0.range.count)
    }
    metadata = [:]
  }

  /// How many weights there are; nil when some are packed in words, whose bits only the model's config.json tells.
  var parameters: Int? {
    let names = Set(entries.map(\.name))
    let isPacked = entries.contains { entry in
      entry.type == DType.u32.safetensorsName && entry.name.hasSuffix(".weight")
        && names.contains("\(entry.name.dropLast(6))scales")
        || [".qweight", ".weight_packed", "_blocks"].contains { entry.name.hasSuffix($0) }
    }
    return isPacked || entries.isEmpty ? nil : entries.reduce(0) { $0 + $1.elementCount }
  }
  var bytes: Int { entries.reduce(0) { $0 + $1.byteCount } }

  /// Per type, the one that takes most bytes first.
  var types: [(type: String, tensors: Int, bytes: Int)] {
    Dictionary(grouping: entries, by: \.type).map { type, entries in
      (type, entries.count, entries.reduce(0) { $0 + $1.byteCount })
    }.sorted { ($1.bytes, $0.type) < ($0.bytes, $1.type) }
  }

  /// Groups in the order of their first tensor, `model.layers.*.mlp.up_proj.weight` for all layers.
  var groups: [Group] {
    var groups: [Group] = []
    var positions: [String: Int] = [:]
    for entry in entries {
      let pattern = entry.name.split(separator: ".", omittingEmptySubsequences: false)
        .map { $0.allSatisfy(\.isNumber) && !$0.isEmpty ? "*" : String($0) }.joined(separator: ".")
      let key = "\(pattern) \(entry.type) \(entry.shape)"
      if let position = positions[key] {
        groups[position].count += 1
        groups[position].bytes += entry.byteCount
      } else {
        positions[key] = groups.count
        groups.append(
          Group(pattern: pattern, type: entry.type, shape: entry.shape, count: 1, bytes: entry.byteCount))
      }
    }
    return groups
  }
}
