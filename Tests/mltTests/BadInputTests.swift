// What the outside does wrong, through the binary: one sentence that names the place, the documented exit status, and
// nothing left behind.

import Foundation
import SafeIO
import TestSupport
import Testing

@Suite struct BadInputTests {
  let scratch: Scratch
  let model: String

  init() throws {
    scratch = try Scratch()
    model = scratch.path + "/model"
    try Files.makeDirectory(model)
    try TinyModel().write(to: model)
  }

  /// Runs a command that must be refused, and checks what a user sees of it.
  private func refuse(
    _ arguments: [String], status: Int32, saying words: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let run = try Mlt.run(arguments + ["--quiet"])
    #expect(run.status == status, "\(run.stderr)", sourceLocation: sourceLocation)
    #expect(run.stdout.isEmpty, sourceLocation: sourceLocation)
    let lines = run.stderr.split(separator: "\n")
    #expect(lines.count == 1, "\(run.stderr)", sourceLocation: sourceLocation)
    for word in words {
      #expect(
        run.stderr.contains(word), "'\(word)' is missing in: \(run.stderr)", sourceLocation: sourceLocation)
    }
    let left = try Files.list(scratch.path).filter { $0 == "out" || $0.contains("partial") }
    #expect(left.isEmpty, sourceLocation: sourceLocation)
  }

  /// Commands that read a model and write a folder.
  private var writers: [[String]] {
    let out = ["--out", scratch.path + "/out"]
    return [
      ["convert", "--model", model] + out, ["quantize", "--model", model, "--group-size", "32"] + out,
    ]
  }

  private func changeWeights(_ change: (inout [UInt8]) -> Void) throws {
    var bytes = try Files.read(path: model + "/model.safetensors")
    change(&bytes)
    try scratch.write(bytes, "model/model.safetensors")
  }

  private func changeHeader(_ old: String, _ new: String) throws {
    try changeWeights { bytes in
      let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      let header = String(decoding: bytes[8..<8 + length], as: UTF8.self)
      var changed = [UInt8](header.replacing(old, with: new, maxReplacements: 1).utf8)
      #expect(changed != [UInt8](header.utf8), "the header holds no \(old)")
      changed += [UInt8](repeating: 0x20, count: max(0, length - changed.count))
      let count = changed.count
      bytes.replaceSubrange(
        0..<8 + length, with: (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + changed)
    }
  }

  @Test func `a truncated weight file is refused`() throws {
    try changeWeights { $0.removeLast(100) }
    for command in writers { try refuse(command, status: 65, saying: ["model.safetensors"]) }
  }

  @Test func `a weight file whose header promises another size is refused`() throws {
    try changeHeader("\"F32\"", "\"F64\"")
    for command in writers { try refuse(command, status: 65, saying: ["model.safetensors"]) }
  }

  @Test func `overlapping tensors are refused`() throws {
    let bytes = try Files.read(path: model + "/model.safetensors")
    let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSON.parse([UInt8](bytes[8..<8 + length]), source: "header")
    var object = try #require(header.objectValue)
    let twins = object.filter { $0.1["shape"] == [32] }.map(\.0)
    object[twins[1]] = object[twins[0]]
    try changeWeights { bytes in
      var text = [UInt8](JSON.object(object).text().utf8)
      text += [UInt8](repeating: 0x20, count: max(0, length - text.count))
      bytes.replaceSubrange(8..<8 + length, with: text)
      bytes.replaceSubrange(0..<8, with: (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) })
    }
    for command in writers { try refuse(command, status: 65, saying: ["model.safetensors"]) }
  }

  @Test func `a missing tensor is named`() throws {
    try changeHeader("model.layers.1.mlp.up_proj.weight", "model.layers.1.mlp.zz_proj.weight")
    for command in writers {
      try refuse(command, status: 65, saying: ["model.layers.1.mlp.up_proj.weight"])
    }
  }

  @Test func `weights of a type that is no weight are refused`() throws {
    // Same size, so that only the type is wrong.
    try changeHeader("\"F32\"", "\"I32\"")
    for command in writers { try refuse(command, status: 65, saying: ["I32"]) }
  }

  @Test func `an unknown model type is named with those that are known`() throws {
    let config = try Files.readText(path: model + "/config.json")
    try scratch.write(config.replacing("\"llama\"", with: "\"lama\""), "model/config.json")
    for command in writers { try refuse(command, status: 65, saying: ["config.json", "lama", "llama"]) }
  }

  @Test func `a tokenizer that does not fit the model is refused`() throws {
    // A tokenizer whose ids are past the model's vocabulary.
    var larger = TinyModel()
    larger.specialTokens = (0..<10).map { "<x\($0)>" }
    try Files.makeDirectory(scratch.path + "/larger")
    try larger.write(to: scratch.path + "/larger")
    try scratch.write(Files.read(path: scratch.path + "/larger/tokenizer.json"), "model/tokenizer.json")
    try refuse(
      ["generate", "--model", model, "--prompt", "abc<x9>"], status: 65, saying: ["265"])
  }

  @Test(arguments: [
    ("{\"text\": \"a\"}\n{\"text\": \n", "line 2"), ("{\"text\": \"a\"}\n\n[1]\n", "line 3"),
    ("{\"txt\": \"a\"}\n", "line 1"), ("{\"input_ids\": [1, 99999]}\n", "line 1"),
    ("{\"input_ids\": [1, 2], \"labels\": [1]}\n", "line 1"),
  ])
  func `a broken line of a dataset is named by file and number`(content: String, line: String) throws {
    let data = try scratch.write(content, "train.jsonl")
    try refuse(
      ["lora", "--model", model, "--data", data, "--iters", "1", "--out", scratch.path + "/out"], status: 65,
      saying: ["train.jsonl", line])
  }

  @Test func `an empty dataset is refused`() throws {
    let data = try scratch.write("", "train.jsonl")
    try refuse(
      ["lora", "--model", model, "--data", data, "--iters", "1", "--out", scratch.path + "/out"], status: 65,
      saying: ["train.jsonl"])
  }

  @Test func `ids beyond the context are refused`() throws {
    let tokens = try scratch.write(JSON.array(Array(repeating: 1, count: 600)).text(), "tokens.json")
    try refuse(
      ["logits", "--model", model, "--tokens", tokens, "--out", scratch.path + "/out"], status: 65,
      saying: ["600", "512"])
  }

  @Test func `a missing model and a taken output are told apart`() throws {
    try refuse(
      ["convert", "--model", scratch.path + "/none", "--out", scratch.path + "/out"], status: 66,
      saying: ["none"])
    try Files.makeDirectory(scratch.path + "/taken")
    try refuse(
      ["convert", "--model", model, "--out", scratch.path + "/taken"], status: 64,
      saying: ["taken", "--overwrite"])
    #expect(try Files.list(scratch.path + "/taken").isEmpty)
  }

  /// Runs a shell command in a mount namespace of its own, with a small file system at `$DISK`.
  private func withSmallDisk(_ options: String, _ command: String) throws -> Mlt.Run {
    let disk = scratch.path + "/disk"
    try Files.makeDirectory(disk)
    let script = "mount -t tmpfs -o \(options) tmpfs '\(disk)' && \(command)"
    return try Mlt.run(
      ["--mount", "--map-root-user", "sh", "-c", script], executable: "/usr/bin/unshare",
      environment: ["DISK": disk, "MLT": Mlt.path, "MODEL": model])
  }

  @Test(.enabled(if: SmallDisk.isPossible, "needs a mount namespace"))
  func `a full disk is told in words and nothing is left`() throws {
    let run = try withSmallDisk(
      "size=64k", #""$MLT" convert --model "$MODEL" --out "$DISK/out"; s=$?; ls -A "$DISK"; exit $s"#)
    #expect(run.status == 74)
    #expect(run.stderr.contains("the disk is full"), "\(run.stderr)")
    #expect(run.stdout.isEmpty, "left behind: \(run.stdout)")
  }

  @Test(.enabled(if: SmallDisk.isPossible, "needs a mount namespace"))
  func `a read-only place is told in words`() throws {
    let run = try withSmallDisk("ro", #""$MLT" convert --model "$MODEL" --out "$DISK/out""#)
    #expect(run.status == 74)
    #expect(run.stderr.contains("read-only"), "\(run.stderr)")
  }

  @Test(.enabled(if: getuid() != 0, "root may write everywhere"))
  func `a folder without permission is told in words`() throws {
    let closed = scratch.path + "/closed"
    try Files.makeDirectory(closed)
    chmod(closed, 0o555)
    try refuse(
      ["convert", "--model", model, "--out", closed + "/out"], status: 74, saying: ["permission denied"])
  }

  @Test func `Ctrl-C ends a training run with its status and no adapter`() throws {
    let data = try scratch.write(#"{"text": "abcdefgh"}"# + "\n", "train.jsonl")
    let run = try Mlt.run(
      [
        "lora", "--model", model, "--data", data, "--iters", "100000", "--batch-size", "1", "--out",
        scratch.path + "/run", "--quiet",
      ], interruptedAfter: 1)
    #expect(run.status == 130, "\(run.stderr)")
    #expect(run.stderr.contains("interrupted"))
    #expect(!Files.exists(scratch.path + "/run/adapter_model.safetensors"))
    #expect(!Files.exists(scratch.path + "/run/manifest.json"))
  }
}

/// Whether this machine lets a test mount a file system of its own.
enum SmallDisk {
  static let isPossible: Bool = {
    let run = try? Mlt.run(
      ["--mount", "--map-root-user", "sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"],
      executable: "/usr/bin/unshare")
    return run?.status == 0
  }()
}
