// The large reference data beside the repository, for runs that have it. A clone alone passes without.

import Foundation
import SafeIO

/// The folder of shared reference data: `MLT_SHARED`, or `shared` beside the repository.
package enum Shared {
  package static let path: String? = {
    if let named = ProcessInfo.processInfo.environment["MLT_SHARED"] { return named }
    // <repository>/Tests/TestSupport/Shared.swift
    let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let beside = repository.deletingLastPathComponent().appendingPathComponent("shared").path
    return Files.isDirectory(beside + "/goldens") ? beside : nil
  }()

  /// Whether `relative` is there, for `.enabled(if:)`.
  package static func has(_ relative: String) -> Bool {
    path.map { Files.exists("\($0)/\(relative)") } ?? false
  }

  /// The absolute path of `relative`; only for tests that are enabled by `has`.
  package static func file(_ relative: String) -> String { "\(path ?? "")/\(relative)" }

  /// The root of the repository.
  package static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path
}
