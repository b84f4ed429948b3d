// Sealing and verifying artifacts.

import Foundation
import Registry
import SafeIO
import TestSupport
import Testing

@Suite struct ManifestTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @Test func `a sealed folder verifies`() throws {
    let verification = try Manifest.verify(Sample.artifact(scratch))
    #expect(verification.ok)
    #expect(verification.fileCount == 3)
    #expect(verification.byteCount == 15)
  }

  @Test func `the same inputs give the same manifest, wherever the folder stands`() throws {
    let first = try Sample.artifact(scratch, "one")
    let second = try Sample.artifact(scratch, "elsewhere/two")
    #expect(try Files.read(path: first + "/manifest.json") == Files.read(path: second + "/manifest.json"))
  }

  @Test func `the manifest is an in-toto statement of SLSA provenance`() throws {
    let manifest = try JSON.read(path: Sample.artifact(scratch) + "/manifest.json")
    #expect(manifest["_type"] == "https://in-toto.io/Statement/v1")
    #expect(manifest["predicateType"] == "https://slsa.dev/provenance/v1")
    let subjects = try #require(manifest["subject"]?.arrayValue)
    #expect(subjects.map { $0["name"] } == ["config.json", "model.safetensors", "notes/readme.txt"])
    // printf '{}' | sha256sum
    #expect(
      subjects[0]["digest"]?["sha256"]
        == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")
    let definition = try #require(manifest["predicate"]?["buildDefinition"])
    #expect(definition["externalParameters"]?["command"] == "quantize")
    #expect(definition["externalParameters"]?["arguments"]?["bits"] == 4)
    #expect(definition["internalParameters"]?["version"]?.stringValue == Version.current)
    #expect(definition["internalParameters"]?["instructionSet"] == "avx2")
    #expect(definition["internalParameters"]?["floatKernels"] == "Haswell")
    #expect(definition["internalParameters"]?["seed"] == 7)
    #expect(definition["internalParameters"]?["settings"]?["mode"] == "affine")
    let dependency = try #require(definition["resolvedDependencies"]?.arrayValue?.first)
    #expect(dependency["annotations"]?["license"] == "apache-2.0")
    #expect(dependency["digest"]?["sha256"]?.stringValue == Digest.sha256("base"))
  }

  @Test func `every flipped bit of every file is found and its file named`() throws {
    let artifact = try Sample.artifact(scratch)
    for name in ["config.json", "model.safetensors", "notes/readme.txt"] {
      let bytes = try Files.read(path: "\(artifact)/\(name)")
      for bit in 0..<(bytes.count * 8) {
        var changed = bytes
        changed[bit / 8] ^= 1 << (bit % 8)
        try Files.writeAtomically(changed, to: "\(artifact)/\(name)")
        let verification = try Manifest.verify(artifact)
        #expect(verification.changed == [name] && verification.missing.isEmpty && verification.added.isEmpty)
      }
      try Files.writeAtomically(bytes, to: "\(artifact)/\(name)")
    }
    #expect(try Manifest.verify(artifact).ok)
  }

  @Test func `every flipped bit of the manifest is an error or a fault`() throws {
    let artifact = try Sample.artifact(scratch)
    let path = artifact + "/manifest.json"
    let bytes = try Files.read(path: path)
    for bit in 0..<(bytes.count * 8) {
      var changed = bytes
      changed[bit / 8] ^= 1 << (bit % 8)
      let found = Result { try Manifest(bytes: changed, source: "manifest.json").verify(artifact) }
      switch found {
      case .success(let verification): #expect(!verification.ok, "bit \(bit)")
      case .failure(let error): #expect((error as? Failure)?.kind == .badData, "bit \(bit)")
      }
    }
  }

  @Test func `missing, added and renamed files are named`() throws {
    let artifact = try Sample.artifact(scratch)
    try Files.removeTree("\(artifact)/notes")
    try scratch.write("more", "artifact/extra.txt")
    try FileManager.default.moveItem(
      atPath: "\(artifact)/config.json", toPath: "\(artifact)/Config.json")
    let verification = try Manifest.verify(artifact)
    #expect(verification.missing == ["config.json", "notes/readme.txt"])
    #expect(verification.added == ["Config.json", "extra.txt"])
    #expect(verification.faults.map(\.detail).contains("renamed to Config.json"))
  }

  @Test func `names that only look alike are different names`() throws {
    try scratch.write("x", "look/\u{e9}")
    try Manifest.seal(scratch.path + "/look", Sample.provenance)
    try FileManager.default.moveItem(
      atPath: scratch.path + "/look/\u{e9}", toPath: scratch.path + "/look/e\u{301}")
    let verification = try Manifest.verify(scratch.path + "/look")
    #expect(verification.missing.count == 1 && verification.added.count == 1)
  }

  @Test func `a link in place of a file is a change, even to the same content`() throws {
    let artifact = try Sample.artifact(scratch)
    let copy = try scratch.write("{}", "copy.json")
    try Files.removeTree("\(artifact)/config.json")
    try FileManager.default.createSymbolicLink(
      atPath: "\(artifact)/config.json", withDestinationPath: copy)
    try FileManager.default.createSymbolicLink(
      atPath: "\(artifact)/linked", withDestinationPath: scratch.path)
    let verification = try Manifest.verify(artifact)
    #expect(verification.changed == ["config.json"])
    #expect(verification.added == ["linked"])
  }

  @Test func `a linked folder is not walked into`() throws {
    let artifact = try Sample.artifact(scratch)
    try FileManager.default.moveItem(atPath: "\(artifact)/notes", toPath: scratch.path + "/outside")
    try FileManager.default.createSymbolicLink(
      atPath: "\(artifact)/notes", withDestinationPath: scratch.path + "/outside")
    let verification = try Manifest.verify(artifact)
    #expect(verification.missing == ["notes/readme.txt"])
    #expect(verification.added == ["notes"])
  }

  @Test func `a folder with a link or a pipe can't be sealed`() throws {
    try scratch.write("x", "odd/file")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/odd/link", withDestinationPath: "file")
    let first = failure { try Manifest.seal(scratch.path + "/odd", Sample.provenance) }
    #expect(
      first?.message.hasSuffix("odd/link: is a symbolic link; only regular files have a digest") == true)
    try Files.removeTree(scratch.path + "/odd/link")
    mkfifo(scratch.path + "/odd/pipe", 0o600)
    #expect(failure { try Manifest.seal(scratch.path + "/odd", Sample.provenance) }?.kind == .badData)
  }

  @Test func `no manifest and no folder are different failures`() throws {
    try scratch.write("x", "bare/file")
    #expect(failure { _ = try Manifest.verify(scratch.path + "/bare") }?.kind == .notFound)
    #expect(
      failure { _ = try Manifest.verify(scratch.path + "/nowhere") }?.message.hasSuffix(
        "nowhere: no such file or folder") == true)
  }

  @Test(arguments: [
    "../secret", "/etc/passwd", "a//b", "./a", "a/..", "a/./b", "", "a/", "manifest.json", "a\nb",
    "config.json",
    String(repeating: "d/", count: 40) + "f",
  ])
  func `a manifest that lists a hostile or repeated name is refused`(name: String) throws {
    let artifact = try Sample.artifact(scratch)
    let path = artifact + "/manifest.json"
    var manifest = try #require(JSON.read(path: path).objectValue)
    let subjects = try #require(manifest["subject"]?.arrayValue)
    manifest["subject"] = .array(
      subjects + [["name": .string(name), "digest": ["sha256": .string(Digest.sha256("x"))]]])
    try Files.writeAtomically(JSON.object(manifest).text(), to: path)
    #expect(failure { _ = try Manifest.verify(artifact) }?.kind == .badData)
  }

  @Test(arguments: [
    "", "[]", "{}", "{\"_type\": 3}", "{\"_type\": \"https://in-toto.io/Statement/v1\"}",
    "{\"_type\": \"https://in-toto.io/Statement/v0.1\", \"subject\": []}",
    String(repeating: "[", count: 100_000), "\u{feff}{}", "{\"a\": 1, \"a\": 2}",
  ])
  func `what is no manifest is refused`(text: String) {
    #expect(
      failure { _ = try Manifest(bytes: [UInt8](text.utf8), source: "manifest.json") }?.kind == .badData)
  }

  @Test func `a manifest cut short anywhere is refused`() throws {
    let bytes = try Files.read(path: Sample.artifact(scratch) + "/manifest.json")
    for length in 0..<bytes.count - 1 {
      let cut = [UInt8](bytes[..<length])
      #expect(failure { _ = try Manifest(bytes: cut, source: "manifest.json") }?.kind == .badData)
    }
  }

  @Test func `an input is known by its verified manifest, and brings its license`() throws {
    let artifact = try Sample.artifact(scratch)
    let input = try ProvenanceInput.directory(role: "model", path: artifact)
    #expect(input.digest == (try Manifest.digest(of: artifact)))
    #expect(input.kind == .manifest && input.license == "apache-2.0")
    try scratch.write("other", "artifact/model.safetensors")
    let found = failure { _ = try ProvenanceInput.directory(role: "model", path: artifact) }
    #expect(found?.message.contains("is not what its manifest says: changed model.safetensors") == true)
  }

  @Test func `a download is known by what its links lead to, without the notes of who fetched it`() throws {
    let blob = try scratch.write("weights", "cache/blob")
    try scratch.write("{}", "linked/config.json")
    try scratch.write("12:30", "linked/.cache/notes")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/linked/model.safetensors", withDestinationPath: blob)
    try scratch.write("{}", "copied/config.json")
    try scratch.write("weights", "copied/model.safetensors")
    let linked = try ProvenanceInput.directory(role: "model", path: scratch.path + "/linked")
    #expect(linked == (try ProvenanceInput.directory(role: "model", path: scratch.path + "/copied")))
    try Files.removeTree(blob)
    #expect(
      failure { _ = try ProvenanceInput.directory(role: "model", path: scratch.path + "/linked") } != nil)
  }

  @Test func `a folder without a manifest is known by its tree`() throws {
    try scratch.write("---\nlicense: MIT\n---\n# A model", "plain/README.md")
    let input = try ProvenanceInput.directory(role: "model", path: scratch.path + "/plain")
    #expect(input.kind == .tree && input.license == "mit")
    let line = "\(Digest.sha256("---\nlicense: MIT\n---\n# A model"))  README.md\n"
    #expect(input.digest == Digest.sha256(line))
  }

  @Test func `licenses are recognized from their text`() throws {
    try scratch.write("    Apache License\n  Version 2.0, January 2004", "a/LICENSE")
    #expect(try License.find(in: scratch.path + "/a") == "apache-2.0")
    try scratch.write("All rights reserved.", "b/LICENSE")
    #expect(try License.find(in: scratch.path + "/b") == nil)
    try scratch.write("{\"license\": \"llama3.2\"}", "c/config.json")
    #expect(try License.find(in: scratch.path + "/c") == "llama3.2")
  }

  @Test(arguments: [
    (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    // python: hashlib.sha256(b'a' * n)
    (1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    (1 << 20, "9bc1b2a288b26af7257a36277ae3816a7d4f16e89c1e7e77d0a5c48bad62b360"),
  ])
  func `files of no, odd and whole pieces hash as elsewhere`(count: Int, expected: String) throws {
    let path = try scratch.write([UInt8](repeating: 97, count: count), "file")
    #expect(try Digest.sha256(path: path) == expected)
  }
}
