// The tensors of a weight file at a glance.

import TensorCore
import WeightFiles

/// Counts and sizes of tensors.
struct WeightSummary {
  /// Tensors of one type and shape whose names differ in numbers only.
  struct Group {
    let pattern: String
    let dtype: DType
    let shape: [Int]
    var count: Int
    var bytes: Int
  }

  let entries: [TensorEntry]
  let metadata: WeightMetadata

  init(_ source: any WeightSource) {
    entries = source.entries
    metadata = source.metadata
  }

  /// How many weights there are; nil when some are packed in words, whose bits only the model's config.json tells.
  var parameters: Int? {
    let names = Set(entries.map(\.name))
    let isPacked = entries.contains { entry in
      entry.dtype == .u32 && entry.name.hasSuffix(".weight")
        && names.contains("\(entry.name.dropLast(6))scales")
        || [".qweight", ".weight_packed", "_blocks"].contains { entry.name.hasSuffix($0) }
    }
    return isPacked || entries.isEmpty ? nil : entries.reduce(0) { $0 + $1.elementCount }
  }
  var bytes: Int { entries.reduce(0) { $0 + $1.byteCount } }

  /// Per type, the widest first.
  var types: [(dtype: DType, tensors: Int, bytes: Int)] {
    DType.allCases.compactMap { dtype in
      let matching = entries.filter { $0.dtype == dtype }
      guard !matching.isEmpty else { return nil }
      return (dtype, matching.count, matching.reduce(0) { $0 + $1.byteCount })
    }
  }

  /// Groups in the order of their first tensor, `model.layers.*.mlp.up_proj.weight` for all layers.
  var groups: [Group] {
    var groups: [Group] = []
    var positions: [String: Int] = [:]
    for entry in entries {
      let pattern = entry.name.split(separator: ".", omittingEmptySubsequences: false)
        .map { $0.allSatisfy(\.isNumber) && !$0.isEmpty ? "*" : String($0) }.joined(separator: ".")
      let key = "\(pattern) \(entry.dtype) \(entry.shape)"
      if let position = positions[key] {
        groups[position].count += 1
        groups[position].bytes += entry.byteCount
      } else {
        positions[key] = groups.count
        groups.append(
          Group(pattern: pattern, dtype: entry.dtype, shape: entry.shape, count: 1, bytes: entry.byteCount))
      }
    }
    return groups
  }
}
