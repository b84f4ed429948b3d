// Where a command may not write.

import Glibc
import Registry
import SafeIO

/// Checks the place of an output folder.
enum OutputPlace {
  /// A folder inside an artifact would make the artifact's manifest wrong; one that is read can't be replaced meanwhile.
  static func check(_ out: String, reading inputs: [String?]) throws {
    for input in inputs.compactMap(\.self) where absolute(input) != nil && absolute(input) == absolute(out) {
      throw Failure.usage("\(out) is read, so it can't be replaced by what is made of it; give another --out")
    }
    var parent = Files.parent(of: out)
    while absolute(parent) == nil && parent != "." { parent = Files.parent(of: parent) }
    var folder = absolute(parent) ?? "/"
    while folder != "/" {
      if Files.exists("\(folder)/\(Manifest.fileName)"), (try? Manifest(directory: folder)) != nil {
        throw Failure.usage(
          "\(out) lies inside \(folder), an artifact whose manifest would no longer hold; give an --out beside it"
        )
      }
      folder = Files.parent(of: folder)
    }
  }

  /// The path without links; nil when nothing is there.
  private static func absolute(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
