// Archives of artifacts: what pack writes, what tar writes, and what no archive may be.

import Foundation
import Registry
import SafeIO
import TestSupport
import Testing

@Suite struct ArchiveTests {
  private let scratch: Scratch
  private let artifact: String
  private var archive: String { scratch.path + "/artifact.tar.zst" }

  init() throws {
    scratch = try Scratch()
    artifact = try Sample.artifact(scratch)
  }

  private func unpack(_ archive: String, to name: String = "out") throws -> Archive.Contents {
    try OutputDirectory.create(at: "\(scratch.path)/\(name)", overwrite: true) {
      try Archive.unpack(archive, into: $0)
    }
  }

  private func run(_ command: String) throws -> Mlt.Run {
    try Mlt.run(["-c", command], executable: "/bin/sh", in: scratch.path)
  }

  // MARK: Packing and unpacking

  @Test func `what was packed is unpacked to the byte`() throws {
    let packed = try Archive.pack(artifact, to: archive)
    #expect(packed.fileCount == 4 && packed.byteCount > 0)
    #expect(try Files.size(archive) == packed.archiveSize)
    let contents = try unpack(archive)
    #expect(contents.manifest.digest == packed.manifest.digest && contents.byteCount == packed.byteCount)
    #expect(try Digest.tree("\(scratch.path)/out").files == Digest.tree(artifact).files)
  }

  @Test func `the same artifact gives the same bytes, wherever it lies`() throws {
    try Archive.pack(artifact, to: archive)
    _ = try unpack(archive, to: "elsewhere")
    try Archive.pack("\(scratch.path)/elsewhere", to: archive + "2")
    #expect(try Files.read(path: archive) == Files.read(path: archive + "2"))
  }

  @Test func `tar lists it, the manifest first, without owner and time`() throws {
    try Archive.pack(artifact, to: archive)
    let listing = try run("TZ=UTC tar --zstd --numeric-owner -tvf artifact.tar.zst")
    #expect(listing.stderr.isEmpty && listing.status == 0)
    let lines = listing.stdout.split(separator: "\n")
    let names = lines.map { $0.split(separator: " ").last.map { String($0) } ?? "" }
    #expect(names == ["manifest.json", "config.json", "model.safetensors", "notes/readme.txt"])
    #expect(lines.allSatisfy { $0.hasPrefix("-rw-r--r-- 0/0 ") && $0.contains(" 1970-01-01 00:00 ") })
  }

  @Test(arguments: [
    "-C artifact -cf a.tar.zst .", "-cf a.tar.zst artifact", "-cf a.tar.zst artifact --format=pax",
    "-cf a.tar.zst artifact --format=v7",
    "-C artifact -cf a.tar.zst notes model.safetensors config.json manifest.json",
  ])
  func `what tar has packed is unpacked, if its manifest holds`(arguments: String) throws {
    #expect(try run("tar --zstd \(arguments)").status == 0)
    _ = try unpack("\(scratch.path)/a.tar.zst")
    #expect(try Digest.tree("\(scratch.path)/out").files == Digest.tree(artifact).files)
  }

  @Test(arguments: ["gnu", "pax", "ustar"])
  func `long names go both ways`(format: String) throws {
    let folder = "long"
    let names = [
      String(repeating: "n", count: format == "ustar" ? 99 : 100),
      String(repeating: "d", count: format == "ustar" ? 80 : 120) + "/" + String(repeating: "n", count: 90),
      "größe/" + String(repeating: "é", count: 40),
    ]
    let longer = (0..<4).map { _ in String(repeating: "p", count: 200) }.joined(separator: "/")
    for name in names + (format == "ustar" ? [] : [longer]) { try scratch.write(name, "\(folder)/\(name)") }
    try Manifest.seal("\(scratch.path)/\(folder)", Sample.provenance)
    #expect(try run("tar --zstd --format=\(format) -cf a.tar.zst long").status == 0)
    _ = try unpack("\(scratch.path)/a.tar.zst")
    #expect(try Digest.tree("\(scratch.path)/out").files == Digest.tree("\(scratch.path)/long").files)
    try Archive.pack("\(scratch.path)/long", to: archive)
    #expect(try run("mkdir t && tar --zstd -xf artifact.tar.zst -C t && diff -r t long").status == 0)
    _ = try unpack(archive)
    #expect(try Digest.tree("\(scratch.path)/out").files == Digest.tree("\(scratch.path)/long").files)
  }

  @Test(arguments: [
    ("echo more >> artifact/config.json", "config.json"), ("echo new > artifact/new", "added new"),
    ("rm artifact/config.json", "config.json"), ("echo >> artifact/manifest.json", "manifest.json"),
    ("ln -s config.json artifact/link", "link"),
  ])
  func `an artifact that is not what its manifest says is not packed`(change: String, words: String) throws {
    #expect(try run(change).status == 0)
    let failure = #expect(throws: Failure.self) { try Archive.pack(artifact, to: archive) }
    #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
    #expect(!Files.exists(archive))
  }

  // MARK: What is refused

  /// Why a tar archive with these members is not unpacked; the artifact's files come first where `isComplete`.
  private func complaint(_ members: [Member], isComplete: Bool = true, end: Bool = true) throws -> Failure {
    var bytes: [UInt8] = []
    if isComplete {
      for name in ["manifest.json", "config.json", "model.safetensors", "notes/readme.txt"] {
        bytes += Member(name, content: try Files.read(path: "\(artifact)/\(name)")).bytes
      }
    }
    for member in members { bytes += member.bytes }
    if end { bytes += [UInt8](repeating: 0, count: 1024) }
    let path = try scratch.write(bytes, "hostile.tar")
    let failure = try #require(#expect(throws: Failure.self) { try unpack(path) })
    #expect(!Files.exists(scratch.path + "/out"))
    #expect(!failure.message.contains("\n"))
    #expect(try Files.list(scratch.path).allSatisfy { !$0.contains("partial") })
    return failure
  }

  @Test(arguments: [
    "../evil", "/etc/evil", "a/../../evil", "..", "a/..", "./../evil", "a//b", "a/./b", "a\nb",
    String(repeating: "a/", count: 40) + "b", "",
  ])
  func `a name that is none below the folder is refused`(_ name: String) throws {
    let failure = try complaint([Member(name, content: [1])])
    #expect(failure.kind == .badData)
    #expect(failure.message.contains("is not that of a file below one folder"), "\(failure.message)")
    let first = try complaint([Member(name, content: [1])], isComplete: false)
    #expect(first.message.contains("is not that of a file below one folder"))
    #expect(!Files.exists(scratch.path + "/evil"))
  }

  @Test(
    arguments: [
      ("1", "a hard link"), ("2", "a symbolic link"), ("3", "a device"), ("4", "a device"), ("6", "a pipe"),
      ("S", "holes"), ("K", "link"), ("Z", "unknown type"),
    ] as [(Unicode.Scalar, String)])
  func `links, devices and the like are refused`(type: Unicode.Scalar, words: String) throws {
    let failure = try complaint([Member("config.json", type: type, link: "/etc/passwd")], isComplete: false)
    #expect(failure.kind == .badData && failure.message.contains(words), "\(failure.message)")
  }

  static let lies: [(String, [Member], String)] = [
    ("a file twice", [Member("config.json", content: [1])], "twice"),
    ("a file below a file", [Member("config.json/x", content: [1])], "twice"),
    ("a file in the place of a folder", [Member("notes", content: [1])], "twice"),
    ("an unlisted file", [Member("extra", content: [1])], "not in the manifest"),
    (
      "a negative size", [Member("x", size: [0xff] + [UInt8](repeating: 0xff, count: 11))],
      "negative or impossible size"
    ),
    (
      "2^63 bytes", [Member("x", size: [0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0])],
      "negative or impossible size"
    ),
    ("2^62 bytes", [Member("x", size: [0x80, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0])], "can't be in a file of"),
    ("a size that is no number", [Member("x", size: Array("12a4".utf8))], "no octal number"),
    ("a wrong checksum", [Member("x", content: [1], checksum: "000001")], "checksum is wrong"),
    ("records beyond the limit", [Member("x", type: "x", size: Array("00010000000".utf8))], "records of"),
    (
      "a record of no length", [Member("x", content: Array("0 path=a\n".utf8), type: "x")],
      "impossible length"
    ),
    (
      "a record past its end", [Member("x", content: Array("99 path=a\n".utf8), type: "x")],
      "impossible length"
    ),
    (
      "a record of 2^64", [Member("x", content: Array("18446744073709551616 a=b\n".utf8), type: "x")],
      "impossible length"
    ),
    (
      "a record without an equals sign", [Member("x", content: Array("7 path\n".utf8), type: "x")],
      "malformed pax record"
    ),
    (
      "a size of 2^64 in a record",
      [Member("x", content: Array("29 size=18446744073709551616\n".utf8), type: "x")], "impossible size"
    ),
    (
      "a negative size in a record", [Member("x", content: Array("11 size=-1\n".utf8), type: "x")],
      "impossible size"
    ),
    (
      "a path outside in a record",
      [Member("x", content: Array("16 path=../evil\n".utf8), type: "x"), Member("y", content: [1])],
      "below one folder"
    ),
    ("a path for all members", [Member("x", content: Array("8 path=a\n".utf8), type: "g")], "pax"),
    (
      "a long name outside",
      [Member("x", content: Array("../evil\u{0}".utf8), type: "L"), Member("y", content: [1])],
      "below one folder"
    ),
    ("a folder with a content", [Member("x/", content: [1], type: "5")], "folder with a content"),
    ("a folder outside", [Member("../x/", type: "5")], "below one folder"),
  ]

  @Test(arguments: lies.indices)
  func `an archive that lies is refused`(_ index: Int) throws {
    let (name, members, words) = Self.lies[index]
    let failure = try complaint(members)
    #expect(failure.kind == .badData, "\(name)")
    #expect(failure.message.contains(words), "\(name): \(failure.message)")
  }

  @Test func `an archive that goes on after its end, or has none, is refused`() throws {
    #expect(try complaint([], end: false).message.contains("is cut short"))
    let junk = Member("x", content: [])
    let failure = try complaint([Member(blocks: [UInt8](repeating: 0, count: 1024)), junk])
    #expect(failure.message.contains("goes on after its end"))
  }

  @Test func `an archive without a manifest, or with another one, is refused`() throws {
    #expect(try complaint([Member("config.json", content: [1])], isComplete: false).kind == .notFound)
    let manifest = try Files.read(path: "\(artifact)/manifest.json")
    let early = try complaint(
      [Member("manifest.json", content: manifest), Member("config.json", content: [1])], isComplete: false)
    #expect(early.message.contains("'config.json': is not what the manifest says"))
    let late = try complaint(
      [Member("config.json", content: [1]), Member("manifest.json", content: manifest)], isComplete: false)
    #expect(late.message.contains("'config.json': is not what the manifest says"))
    let missing = try complaint([Member("manifest.json", content: manifest)], isComplete: false)
    #expect(missing.message.contains("lacks 'config.json', which the manifest lists"))
    #expect(
      try complaint([Member("manifest.json", content: Array("{}".utf8))], isComplete: false).kind == .badData)
  }

  @Test func `an archive that is cut anywhere is refused`() throws {
    try Archive.pack(artifact, to: archive)
    let whole = try Files.read(path: archive)
    for length in 0..<whole.count {
      let path = scratch.path + "/cut.tar.zst"
      try Data(whole[..<length]).write(to: URL(fileURLWithPath: path))
      let failure = #expect(throws: Failure.self, "cut to \(length)") { try unpack(path) }
      #expect(failure?.kind == .badData)
    }
    #expect(!Files.exists(scratch.path + "/out"))
  }

  @Test func `a flipped byte never goes through`() throws {
    try Archive.pack(artifact, to: archive)
    let digest = try Digest.tree(artifact).files
    let whole = try Files.read(path: archive)
    for position in stride(from: 0, to: whole.count, by: 3) {
      var flipped = whole
      flipped[position] ^= 0x10
      let path = scratch.path + "/flipped.tar.zst"
      try Data(flipped).write(to: URL(fileURLWithPath: path))
      do {
        _ = try unpack(path)
        #expect(try Digest.tree("\(scratch.path)/out").files == digest, "byte \(position)")
      } catch let failure as Failure { #expect([.badData, .notFound].contains(failure.kind), "\(failure)") }
    }
  }
}

/// A member of a hand-made archive, so that it can lie.
struct Member: Sendable {
  let bytes: [UInt8]

  init(blocks: [UInt8]) { bytes = blocks }

  init(
    _ name: String, content: [UInt8] = [], type: Unicode.Scalar = "0", link: String = "",
    size: [UInt8]? = nil,
    checksum: String? = nil
  ) {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ bytes: some Collection<UInt8>, at offset: Int) {
      block.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
    put(Array(name.utf8).prefix(100), at: 0)
    put("0000644\u{0}0000000\u{0}0000000\u{0}".utf8, at: 100)
    let digits = String(content.count, radix: 8)
    put(size ?? Array((String(repeating: "0", count: 11 - digits.count) + digits).utf8), at: 124)
    put("00000000000\u{0}        ".utf8, at: 136)
    block[156] = UInt8(ascii: type)
    put(link.utf8, at: 157)
    put("ustar\u{0}00".utf8, at: 257)
    let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
    put((checksum ?? String(repeating: "0", count: 6 - sum.count) + sum).utf8, at: 148)
    block[154] = 0
    bytes = block + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }
}
