// mlt convert to HDF5 and back, and files without a model.

import Foundation
import Registry
import SafeIO
import TestSupport
import Testing

@Suite struct ConvertFormatTests {
  private let scratch: Scratch
  private let model: String

  init() throws {
    scratch = try Scratch()
    model = "\(scratch.path)/model"
    try TinyModel().write(to: model)
  }

  private func convert(_ source: String, to name: String, _ flags: String...) throws -> Mlt.Run {
    try Mlt.run(["convert", "--model", source, "--out", "\(scratch.path)/\(name)"] + flags)
  }

  private func bytes(_ name: String) throws -> [UInt8] { try Files.read(path: "\(scratch.path)/\(name)") }

  @Test(arguments: [[], ["--dtype", "bfloat16"], ["-q", "--bits", "4", "--group-size", "32"]])
  func `a model goes to HDF5 and back bit for bit`(flags: [String]) throws {
    let out = "\(scratch.path)/out"
    #expect(try Mlt.run(["convert", "--model", model, "--out", out] + flags).status == 0)
    let there = try convert(out, to: "h5", "--format", "hdf5")
    #expect(there.status == 0 && there.stderr.isEmpty, "\(there.stderr)")
    #expect(
      Files.exists("\(scratch.path)/h5/model.h5") && !Files.exists("\(scratch.path)/h5/model.safetensors"))
    #expect(try Manifest.verify("\(scratch.path)/h5").ok)
    let back = try convert("\(scratch.path)/h5", to: "back", "--json")
    #expect(back.status == 0 && back.stderr.isEmpty, "\(back.stderr)")
    for name in try Files.list(out) where name != Manifest.fileName {
      #expect(try bytes("back/\(name)") == bytes("out/\(name)"), "\(name)")
    }
    #expect(try convert(out, to: "again", "--format", "hdf5", "--threads", "1").status == 0)
    #expect(try bytes("again/model.h5") == bytes("h5/model.h5"))
    #expect(try bytes("again/manifest.json") == bytes("h5/manifest.json"))
  }

  @Test func `a model in HDF5 generates what it did in safetensors`() throws {
    #expect(try convert(model, to: "h5", "--format", "hdf5").status == 0)
    let texts = try [model, "\(scratch.path)/h5"].map { folder in
      try Mlt.run(["generate", "--model", folder, "--prompt", "abc", "--max-tokens", "8", "--seed", "1"])
    }
    #expect(texts[0].status == 0 && texts[0].stdout == texts[1].stdout, "\(texts[1].stderr)")
    let inspected = try Mlt.run(["inspect", "\(scratch.path)/h5", "--json"])
    #expect(try inspected.json["kind"] == "model" && inspected.json["tensors"]?.arrayValue?.count == 20)
  }

  @Test func `a weight file alone goes into another format and back, under the names it has`() throws {
    let file = "\(model)/model.safetensors"
    let there = try convert(file, to: "h5", "--format", "hdf5")
    #expect(there.status == 0 && there.stderr.isEmpty, "\(there.stderr)")
    #expect(try Files.list("\(scratch.path)/h5") == ["manifest.json", "model.h5"])
    let inspected = try Mlt.run(["inspect", "\(scratch.path)/h5/model.h5", "--json"])
    #expect(try inspected.json["kind"] == "weight file" && inspected.json["dtypes"]?["F32"]?["tensors"] == 20)
    #expect(try convert("\(scratch.path)/h5/model.h5", to: "a").status == 0)
    #expect(try convert(file, to: "b").status == 0)
    #expect(try bytes("a/model.safetensors") == bytes("b/model.safetensors"))
  }

  @Test func `what needs a model is refused for a weight file alone`() throws {
    for flags in [["--dtype", "bfloat16"], ["-q"], ["--dequantize"]] {
      let run = try Mlt.run(
        ["convert", "--model", "\(model)/model.safetensors", "--out", "\(scratch.path)/out"] + flags)
      #expect(run.status == 64 && run.stderr.contains("need the folder of a model"), "\(run.stderr)")
      #expect(!Files.exists("\(scratch.path)/out"))
    }
  }

  @Test func `a damaged HDF5 file is refused`() throws {
    #expect(try convert(model, to: "h5", "--format", "hdf5").status == 0)
    try FileManager.default.removeItem(atPath: "\(scratch.path)/h5/manifest.json")
    let whole = try bytes("h5/model.h5")
    for content in [Array(whole.dropLast(100)), Array(whole.prefix(50)), [1, 2, 3]] {
      try scratch.write(content, "h5/model.h5")
      let run = try convert("\(scratch.path)/h5", to: "out", "--quiet")
      #expect(run.status == 65 && run.stderr.contains("model.h5"), "\(run.stderr)")
      #expect(run.stderr.split(separator: "\n").count == 1 && !Files.exists("\(scratch.path)/out"))
    }
  }
}
