// Data sets under zstd, where commands read data sets.

import Foundation
import SafeIO
import TestSupport
import Testing

@Suite struct CompressedDataTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try TinyModel().write(to: "\(scratch.path)/model")
  }

  private func compress(_ text: String, _ name: String) throws {
    try Files.makeDirectory(Files.parent(of: "\(scratch.path)/\(name)"))
    let output = try AtomicFile(path: "\(scratch.path)/\(name)")
    let writer = ZstdWriter(output, threads: 1)
    try [UInt8](text.utf8).withUnsafeBytes { try writer.append($0) }
    try writer.finish()
    try output.finish()
  }

  private func run(_ arguments: String...) throws -> Mlt.Run {
    try Mlt.run(arguments + ["--quiet"], in: scratch.path)
  }

  private static let rows = (0..<6).map { #"{"text": "row number \#($0)"}"# + "\n" }.joined()

  @Test func `training on compressed rows is training on the rows`() throws {
    try scratch.write(Self.rows, "plain/train.jsonl")
    try compress(Self.rows, "packed/train.jsonl.zst")
    try compress(Self.rows, "packed/valid.jsonl.zst")
    try compress("[" + Self.rows.dropLast().replacing("\n", with: ",") + "]", "rows.json.zst")
    for (data, out) in [
      ("plain", "a"), ("packed", "b"), ("packed/train.jsonl.zst", "c"), ("rows.json.zst", "d"),
    ] {
      let trained = try run(
        "lora", "--model", "model", "--data", data, "--iters", "3", "--batch-size", "2", "--out", out)
      #expect(trained.status == 0, "\(trained.stderr)")
      #expect(
        try Files.read(path: "\(scratch.path)/\(out)/adapter_model.safetensors")
          == Files.read(path: "\(scratch.path)/a/adapter_model.safetensors"), "\(data)")
    }
  }

  @Test func `measuring and tokenizing read compressed rows`() throws {
    try scratch.write(Self.rows, "rows.jsonl")
    try compress(Self.rows, "rows.jsonl.zst")
    for command in [
      ["perplexity", "--model", "model", "--json", "--data"], ["tokenize", "--model", "model", "--input"],
    ] {
      let runs = try ["rows.jsonl", "rows.jsonl.zst"].map {
        try Mlt.run(command + [$0, "--quiet"], in: scratch.path)
      }
      #expect(runs[0].status == 0 && runs[0].stdout == runs[1].stdout, "\(runs[1].stderr)")
    }
  }

  @Test func `a broken row of a compressed file is named by its line`() throws {
    try compress(Self.rows + "\n{\"txt\": 1}\n", "train.jsonl.zst")
    let failed = try run(
      "lora", "--model", "model", "--data", "train.jsonl.zst", "--iters", "1", "--out", "out")
    #expect(failed.status == 65 && failed.stderr.contains("train.jsonl.zst, line 8"), "\(failed.stderr)")
  }

  @Test func `a folder with both forms of one file is ambiguous`() throws {
    try scratch.write(Self.rows, "data/train.jsonl")
    try compress(Self.rows, "data/train.jsonl.zst")
    let failed = try run("lora", "--model", "model", "--data", "data", "--iters", "1", "--out", "out")
    #expect(
      failed.status == 65 && failed.stderr.contains("both train.jsonl and train.jsonl.zst"),
      "\(failed.stderr)")
  }

  @Test func `a data set that is cut short or a bomb is refused`() throws {
    try compress(Self.rows, "train.jsonl.zst")
    let whole = try Files.read(path: "\(scratch.path)/train.jsonl.zst")
    try scratch.write(Array(whole.dropLast(3)), "cut.jsonl.zst")
    // A frame without flags, of a window of 1 MiB, whose blocks each repeat one newline 128 Ki times.
    let block: [UInt8] = [(1 << 1) | 0, 0, 0x10, 10]
    let blocks = [[UInt8]](repeating: block, count: 4000).flatMap(\.self)
    try scratch.write([0x28, 0xB5, 0x2F, 0xFD, 0, 10 << 3] + blocks + [1, 0, 0], "bomb.jsonl.zst")
    for (name, words) in [("cut", "cut short"), ("bomb", "1000 times")] {
      let failed = try run(
        "lora", "--model", "model", "--data", "\(name).jsonl.zst", "--iters", "1", "--out", "out")
      #expect(failed.status == 65 && failed.stderr.contains(words), "\(failed.stderr)")
      #expect(failed.stderr.split(separator: "\n").count == 1)
    }
  }
}
