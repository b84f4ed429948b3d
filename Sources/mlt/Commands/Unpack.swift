// mlt unpack: an artifact out of one file.

import ArgumentParser
import Registry
import SafeIO

/// The `unpack` command.
struct Unpack: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Unpack an archive into an artifact, checking every byte.",
    discussion: """
      Checks each file against the manifest as it comes; nothing stays of an archive that is not what its manifest says. \
      What tar --zstd has packed is read too, as long as it holds the manifest of an artifact.

      EXAMPLE
        mlt unpack base-4bit.tar.zst base-4bit
      """)

  @Argument(help: "The archive.")
  var archive: String

  @Argument(help: "The folder to write; it appears whole or not at all.")
  var folder: String

  @Flag(help: "Replace the folder if it exists.")
  var overwrite = false

  @OptionGroup var common: CommonOptions

  func run() throws {
    let progress = common.start()
    try OutputPlace.check(folder, reading: [])
    let contents = try OutputDirectory.create(at: folder, overwrite: overwrite) { staging in
      try Archive.unpack(archive, into: staging, progress: progress)
    }
    contents.print(path: folder, key: "out", as: common)
  }
}
