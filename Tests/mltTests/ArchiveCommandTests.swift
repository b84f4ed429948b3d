// mlt pack and mlt unpack, as a user runs them.

import Foundation
import Registry
import SafeIO
import TestSupport
import Testing

@Suite struct ArchiveCommandTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try TinyModel().write(to: "\(scratch.path)/model")
    #expect(try run("convert", "--model", "model", "--out", "base").status == 0)
  }

  private func run(_ arguments: String...) throws -> Mlt.Run { try Mlt.run(arguments, in: scratch.path) }

  @Test func `an artifact goes through an archive and verifies`() throws {
    let packed = try run("pack", "base", "base.tar.zst", "--json")
    #expect(packed.status == 0 && packed.stderr.isEmpty, "\(packed.stderr)")
    let digest = try Manifest.digest(of: "\(scratch.path)/base")
    #expect(try packed.json["manifest_digest"] == .string(digest) && packed.json["files"] == 5)
    #expect(try packed.json["archive_bytes"] == .integer(Files.size("\(scratch.path)/base.tar.zst")))
    #expect(try run("pack", "base", "again.tar.zst", "--threads", "1").status == 0)
    #expect(
      try Files.read(path: "\(scratch.path)/base.tar.zst")
        == Files.read(path: "\(scratch.path)/again.tar.zst"))
    let unpacked = try run("unpack", "base.tar.zst", "out", "--json")
    #expect(unpacked.status == 0 && unpacked.stderr.isEmpty, "\(unpacked.stderr)")
    #expect(try unpacked.json["manifest_digest"] == .string(digest))
    #expect(try run("verify", "out").status == 0)
    #expect(try run("unpack", "base.tar.zst", "words").stdout.hasPrefix("words: 5 files, "))
  }

  @Test func `what is there is kept unless it is to be replaced`() throws {
    #expect(try run("pack", "base", "base.tar.zst").status == 0)
    #expect(try run("pack", "base", "base.tar.zst").status == 64)
    #expect(try run("pack", "base", "base.tar.zst", "--overwrite").status == 0)
    #expect(try run("unpack", "base.tar.zst", "model").status == 64)
    #expect(Files.exists("\(scratch.path)/model/config.json"))
    #expect(try run("unpack", "base.tar.zst", "model", "--overwrite").status == 0)
    #expect(try run("verify", "model").status == 0)
    #expect(try run("pack", "base", "base/base.tar.zst").status == 64)
  }

  @Test func `what is no artifact, or no archive, is refused`() throws {
    try scratch.write("{}", "changed/config.json")
    #expect(try run("pack", "changed", "a.tar.zst").status == 66)
    #expect(try run("pack", "none", "a.tar.zst").status == 66)
    try scratch.write("x", "base/config.json")
    #expect(try run("pack", "base", "a.tar.zst").status == 1)
    #expect(try run("unpack", "model/model.safetensors", "out").status == 65)
    #expect(try run("unpack", "none", "out").status == 66)
    #expect(try Files.list(scratch.path) == ["base", "changed", "model"])
  }
}
