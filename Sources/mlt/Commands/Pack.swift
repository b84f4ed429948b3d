// mlt pack: an artifact as one file.

import ArgumentParser
import Registry
import SafeIO

/// The `pack` command.
struct Pack: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Pack an artifact into one file.",
    discussion: """
      Writes a tar archive under zstd with the manifest first, after checking every file against it. The same artifact \
      gives the same bytes. mlt unpack checks it while it comes; tar --zstd reads it too.

      EXAMPLE
        mlt pack base-4bit base-4bit.tar.zst
        mlt unpack base-4bit.tar.zst elsewhere
      """)

  @Argument(help: "The folder of the artifact.")
  var folder: String

  @Argument(help: "The archive to write, such as base-4bit.tar.zst; it appears whole or not at all.")
  var archive: String

  @Flag(help: "Replace the archive if it exists.")
  var overwrite = false

  @OptionGroup var common: CommonOptions

  func run() throws {
    let progress = common.start()
    guard overwrite || !Files.exists(archive) else {
      throw Failure.usage("\(archive) exists already; give another name, or --overwrite to replace it")
    }
    guard !Files.isDirectory(archive) else {
      throw Failure.usage("\(archive) is a folder, a file is to be written there")
    }
    try OutputPlace.check(archive, reading: [])
    let contents = try Archive.pack(folder, to: archive, progress: progress)
    contents.print(path: archive, key: "archive", as: common)
  }
}

extension Archive.Contents {
  /// Says what was packed or unpacked, and where it is.
  func print(path: String, key: String, as common: CommonOptions) {
    guard common.json else {
      return Console.print(
        "\(path): \(Words.count(fileCount, "file")), \(Words.bytes(byteCount)), packed \(Words.bytes(archiveSize)), "
          + "manifest \(manifest.digest)")
    }
    Console.print(json: [
      "version": 1, key: .string(path), "manifest_digest": .string(manifest.digest),
      "files": .integer(fileCount),
      "bytes": .integer(byteCount), "archive_bytes": .integer(archiveSize),
    ])
  }
}
