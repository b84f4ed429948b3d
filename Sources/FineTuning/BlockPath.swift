// Where in a decoder a linear stands, read from its path.

/// The path of a linear inside a block, such as `model.layers.3.mlp.up_proj`, in its parts.
struct BlockPath {
  /// The number of the block, 3.
  let block: Int
  /// The path inside it, `mlp.up_proj`.
  let name: String

  /// nil for a path without a number in it.
  init?(_ path: String) {
    let parts = path.split(separator: ".", omittingEmptySubsequences: false)
    guard let position = parts.firstIndex(where: { Int($0) != nil }), let number = Int(parts[position]),
      position + 1 < parts.count
    else { return nil }
    block = number
    name = parts[(position + 1)...].joined(separator: ".")
  }
}
