// A suite is a folder of fixtures with its own `suite.yaml` (name, version, defaults). Its digest covers the name
// and every byte of each file below it, so a record says exactly which tasks it is about.

import Registry
import SafeIO

/// A set of fixtures that is pinned by its digest.
package struct Suite: Sendable {
  package let name: String
  package let version: String
  /// SHA-256 over names and contents, as `Digest.tree` computes it.
  package let digest: String
  /// In the order of their folders' names.
  package let fixtures: [Fixture]

  private static let fixtureLimit = 10_000

  /// Reads every fixture of a folder.
  ///
  /// - Throws: `Failure` for a missing or malformed file, two fixtures of the same name, or no fixture at all.
  package static func load(folder: String) throws -> Suite {
    guard Files.isDirectory(folder) else { throw Failure.notFound(folder, "no such suite folder") }
    let source = "\(folder)/suite.yaml"
    guard Files.exists(source) else {
      throw Failure.notFound(
        source, "a suite is a folder of fixtures with a suite.yaml (name, version, defaults)")
    }
    let fields = try Fields(JSON.readYAML(path: source), source: source)
    try fields.rejectUnknown(known: ["name", "version", "description", "defaults"])
    let defaults = try fields.optionalFields("defaults")?.object ?? [:]
    let folders = try Files.list(folder).filter { !$0.hasPrefix(".") && Files.isDirectory("\(folder)/\($0)") }
    guard !folders.isEmpty else { throw Failure.badData(folder, "holds no fixture") }
    guard folders.count <= fixtureLimit else {
      throw Failure.badData(folder, "holds \(folders.count) fixtures, at most \(fixtureLimit) are run")
    }
    var fixtures: [Fixture] = []
    var places: [String: String] = [:]
    for name in folders {
      let fixture = try Fixture.load(folder: "\(folder)/\(name)", defaults: defaults)
      if let other = places.updateValue(name, forKey: fixture.name) {
        throw Failure.badData(
          "\(folder)/\(name)/task.yaml", "the name '\(fixture.name)' is taken by the fixture in \(other)/")
      }
      fixtures.append(fixture)
    }
    return Suite(
      name: try fields.string("name"), version: try version(fields), digest: try Digest.tree(folder).digest,
      fixtures: fixtures)
  }

  /// YAML reads `1` as a number and `1.0` as another; both are versions.
  private static func version(_ fields: Fields) throws(Failure) -> String {
    switch fields.object["version"] {
    case .string(let text): return text
    case .integer(let number): return String(number)
    case .double(let number): return JSON.pythonText(number)
    default: throw fields.complaint("version", "expected a number or a text")
    }
  }
}
