// Which linears are adapted: by the end of their path, in the last so many blocks.

import Models
import SafeIO

/// Chooses linears for adapters.
package enum LoRATargets {
  /// The word for every linear inside the blocks, as in PEFT.
  package static let all = "all-linear"

  /// The paths that the configuration means.
  ///
  /// - Parameters:
  ///   - linears: the paths of every linear inside the blocks, in order.
  ///   - blocks: number of blocks.
  /// - Throws: `Failure.usage` for a name that is no linear's, or more blocks than there are.
  package static func choose(
    from linears: [String], blocks: Int, _ configuration: TrainingConfiguration
  ) throws(Failure) -> [String] {
    let names = configuration.targetModules ?? [all]
    func matches(_ path: String, _ name: String) -> Bool {
      name == all || path == name || path.hasSuffix(".\(name)")
    }
    for name in names where !linears.contains(where: { matches($0, name) }) {
      var known: [String] = [all]
      for end in linears.compactMap({ $0.split(separator: ".").last.map(String.init) })
      where !known.contains(end) { known.append(end) }
      throw .usage(
        "target_modules: the model's blocks have no linear '\(name)'\(Spelling.suggestion(for: name, among: known))"
      )
    }
    let count = configuration.numLayers ?? -1
    guard count <= blocks else {
      throw .usage("num_layers is \(count), the model has \(blocks) blocks")
    }
    let first = count == -1 ? 0 : blocks - count
    return linears.filter { path in
      (BlockPath(path)?.block ?? 0) >= first && names.contains { matches(path, $0) }
    }
  }
}
