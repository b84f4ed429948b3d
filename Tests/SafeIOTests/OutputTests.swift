// Outputs appear whole or not at all.

import Foundation
import SafeIO
import TestSupport
import Testing

@Suite struct OutputTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @Test func `a folder appears with everything that was put in it`() throws {
    let target = scratch.path + "/deep/er/out"
    try OutputDirectory.create(at: target, overwrite: false) { staging in
      try Files.writeAtomically("x", to: staging + "/a.txt")
      #expect(!Files.exists(target))
    }
    #expect(try Files.readText(path: target + "/a.txt") == "x")
    #expect(try Files.list(Files.parent(of: target)) == ["out"])
  }

  @Test func `an error leaves neither target nor staging folder`() throws {
    let target = scratch.path + "/out"
    #expect(throws: Failure.self) {
      try OutputDirectory.create(at: target, overwrite: false) { staging in
        try Files.writeAtomically("x", to: staging + "/a.txt")
        throw Failure.fault("stop")
      }
    }
    #expect(try Files.list(scratch.path).isEmpty)
  }

  @Test func `an existing folder is kept unless it may be replaced`() throws {
    let target = scratch.path + "/out"
    try scratch.write("old", "out/a.txt")
    let failure = #expect(throws: Failure.self) {
      try OutputDirectory.create(at: target, overwrite: false) { _ in }
    }
    #expect(failure?.kind == .usage)
    try OutputDirectory.create(at: target, overwrite: true) { staging in
      try Files.writeAtomically("new", to: staging + "/b.txt")
    }
    #expect(try Files.list(target) == ["b.txt"])
    #expect(try Files.list(scratch.path) == ["out"])
  }

  @Test func `what a dead process left behind is removed, what a live one writes is not`() throws {
    // No process has this number: the kernel's largest is below 2^22.
    try scratch.write("x", ".out.partial-99999999/a.txt")
    try scratch.write("x", ".out.partial-1/a.txt")
    try scratch.write("x", ".out.partial-99999999.old/a.txt")
    try OutputDirectory.create(at: scratch.path + "/out", overwrite: false) { _ in }
    #expect(try Files.list(scratch.path) == [".out.partial-1", "out"])
  }

  @Test func `a folder gets its name where the file system lacks the flags of renameat2`() throws {
    for code in [EINVAL, ENOSYS] {
      let refuse: FolderRename.Call = { _, _ in
        errno = code
        return -1
      }
      let rename = FolderRename(exclusive: refuse, exchange: refuse)
      let (new, target) = ("\(scratch.path)/new", "\(scratch.path)/target")
      try scratch.write("1", "new/a")
      try rename.move(new, to: target)
      #expect(try Files.list(scratch.path) == ["target"])
      try scratch.write("2", "new/b")
      #expect(throws: Failure.self) { try rename.move(new, to: target) }
      try rename.swap(new, with: target)
      #expect(try Files.list(target) == ["b"])
      #expect(try Files.list(new) == ["a"])
      #expect(try Files.list(scratch.path) == ["new", "target"])
      try Files.removeTree(new)
      try Files.removeTree(target)
    }
  }

  @Test func `what a dead process left of a file is removed, and an unfinished file leaves nothing`() throws {
    try scratch.write("half", ".f.partial-99999999")
    try scratch.write("half", ".f.partial-1")
    try Files.writeAtomically("new", to: scratch.path + "/f")
    #expect(try Files.list(scratch.path) == [".f.partial-1", "f"])
    try [UInt8]("lost".utf8).withUnsafeBytes { try AtomicFile(path: scratch.path + "/g").append($0) }
    #expect(try Files.list(scratch.path) == [".f.partial-1", "f"])
  }

  @Test func `a file is replaced in one step`() throws {
    let path = try scratch.write("old", "f")
    try Files.writeAtomically("new", to: path)
    #expect(try Files.readText(path: path) == "new")
    #expect(try Files.list(scratch.path) == ["f"])
  }

  @Test func `a mapped file lends its bytes and an empty one lends none`() throws {
    let file = try MappedFile(path: try scratch.write("hello", "f"))
    #expect(String(decoding: file.bytes, as: UTF8.self) == "hello")
    #expect(try MappedFile(path: try scratch.write("", "empty")).count == 0)
  }

  @Test func `a missing file, a folder and a device are told apart`() throws {
    #expect(throws: Failure(.notFound, "\(scratch.path)/x: no such file or folder")) {
      try MappedFile(path: scratch.path + "/x")
    }
    #expect(throws: Failure(.badData, "\(scratch.path): is a folder, a file is expected")) {
      try Files.read(path: scratch.path)
    }
    #expect(throws: Failure(.badData, "/dev/zero: is not a regular file")) {
      try Files.read(path: "/dev/zero")
    }
  }

  @Test func `a full disk is told in words`() {
    #expect(
      Failure.io("/x/y", "write", errno: ENOSPC).message
        == "/x/y: can't write, the disk is full; free some space and run the command again")
    #expect(Failure.io("/x/y", "write", errno: ENOSPC).kind == .io)
  }

  @Test(arguments: [("a/b", "a", "b"), ("a", ".", "a"), ("/a", "/", "a"), ("a/b/", "a", "b")])
  func `a path has a parent and a name`(path: String, parent: String, name: String) {
    #expect(Files.parent(of: path) == parent)
    #expect(Files.name(of: path) == name)
  }
}
