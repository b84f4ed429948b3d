// mlt pin: artifacts into the registry, and back out of it.

import ArgumentParser
import Registry
import SafeIO

/// Stores an artifact in the registry, or takes one out.
struct Pin: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Store an artifact in the registry, or take one out.",
    discussion: """
      Every file is stored once, under its digest; storing the same artifact again changes nothing. What is taken \
      out is checked byte for byte.

      EXAMPLE
        mlt pin base-4bit
        mlt pin --checkout production --out served
      """)

  @Argument(help: "The folder of the artifact to store.")
  var artifact: String?

  @Option(help: "Take out the artifact of this channel or with this manifest digest instead.")
  var checkout: String?

  @Option(name: .shortAndLong, help: "The folder to write with --checkout.")
  var out: String?

  @Flag(help: "Replace the folder if it exists.")
  var overwrite = false

  @OptionGroup var registry: RegistryOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard (artifact == nil) != (checkout == nil) else {
      throw ValidationError("give either the folder of an artifact, or --checkout with --out")
    }
    guard (checkout == nil) == (out == nil) else { throw ValidationError("--checkout and --out go together") }
  }

  func run() throws {
    if let artifact {
      let digest = try Store.write(at: registry.path) { try $0.pin(artifact) }
      report(digest, "\(artifact): stored in \(registry.path) as \(digest)")
    } else if let checkout, let out {
      let store = try Store(path: registry.path)
      let digest = try store.resolve(checkout)
      try OutputDirectory.create(at: out, overwrite: overwrite) { staging in
        try store.write(digest, into: staging)
      }
      report(digest, "\(out): artifact \(digest) from \(registry.path)")
    }
  }

  private func report(_ digest: String, _ text: String) {
    guard common.json else { return Console.print(text) }
    Console.print(json: [
      "version": 1, "manifest_digest": .string(digest), "registry": .string(registry.path),
      "path": .string(artifact ?? out ?? ""),
    ])
  }
}
