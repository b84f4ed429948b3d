// GGUF files from the command line: wherever a model folder does, a file does.

import Foundation
import Registry
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct `GGUF from the command line` {
  private let scratch: Scratch
  private let model: String
  private let file: String

  init() throws {
    scratch = try Scratch()
    model = "\(scratch.path)/model"
    file = "\(scratch.path)/model.gguf"
    var tiny = TinyModel()
    tiny.chatTemplate = "{% for m in messages %}{{ m.content }}{% endfor %}"
    try tiny.write(to: model)
  }

  private func write(_ flags: String...) throws -> Mlt.Run {
    try Mlt.run(["convert", "--model", model, "--format", "gguf", "--out", file] + flags)
  }

  private func logits(_ model: String) throws -> [Float] {
    let ids = try scratch.write("[256, 104, 105, 32, 116]", "ids.json")
    let out = "\(scratch.path)/logits-\(Files.name(of: model)).safetensors"
    let run = try Mlt.run(["logits", "--model", model, "--tokens", ids, "--out", out, "--exact"])
    #expect(run.status == 0, "\(run.stderr)")
    return try SafetensorsFile(path: out).tensor("logits").floats()
  }

  @Test func `a file computes, tokenizes and speaks as its folder does`() throws {
    #expect(try write().status == 0)
    #expect(try logits(file) == logits(model))
    for arguments in [
      ["tokenize", "--json", "hé </s>\nx"],
      ["generate", "--prompt", "hi", "--max-tokens", "8", "--temperature", "0"],
    ] {
      let both = try [model, file].map { try Mlt.run([arguments[0], "--model", $0] + arguments.dropFirst()) }
      #expect(both[0].status == 0 && both[1].status == 0, "\(both[1].stderr)")
      if arguments[0] == "tokenize" { #expect(both[0].stdout == both[1].stdout) }
    }
    let chat = try scratch.write(
      "{\"messages\": [{\"role\": \"user\", \"content\": \"hello\"}]}", "chat.json")
    let rendered = try Mlt.run(["tokenize", "--model", file, "--chat", chat])
    #expect(rendered.stdout.trimmingCharacters(in: .newlines) == "hello", "\(rendered.stderr)")
  }

  @Test func `inspecting a file tells what it holds`() throws {
    #expect(try write("--type", "q8_0").status == 0)
    let json = try Mlt.run(["inspect", file, "--json"]).json
    #expect(json["kind"] == "GGUF file")
    #expect(json["layers"] == 2)
    #expect(json["metadata"]?["general.architecture"] == "llama")
    #expect(json["metadata"]?["tokenizer.ggml.tokens"] == "array of 258 string")
    #expect(json["dtypes"]?["Q8_0"]?["tensors"]?.intValue ?? 0 > 0)
    let text = try Mlt.run(["inspect", file]).stdout
    #expect(text.contains("GGUF file") && text.contains("Q8_0") && text.contains("blk.*.attn_q.weight"))
  }

  @Test func `a folder with one file and a manifest is a model`() throws {
    let folder = "\(scratch.path)/out"
    let run = try Mlt.run([
      "convert", "--model", model, "--format", "gguf", "--type", "Q4_K_M", "--out", folder,
    ])
    #expect(run.status == 0, "\(run.stderr)")
    #expect(try Manifest.verify(folder).ok)
    #expect(try Files.list(folder).contains("model.gguf"))
    #expect(try logits(folder).count == 5 * 258)
  }

  @Test func `a file becomes a folder again`() throws {
    #expect(try write().status == 0)
    let folder = "\(scratch.path)/again"
    let run = try Mlt.run(["convert", "--model", file, "--out", folder])
    #expect(run.status == 0, "\(run.stderr)")
    #expect(try logits(folder) == logits(model))
    let both = try [model, folder].map {
      try Mlt.run(["tokenize", "--model", $0, "--json", "some text </s>"])
    }
    #expect(both[0].stdout == both[1].stdout)
  }

  @Test func `wrong files and flags are told in a sentence`() throws {
    #expect(try write().status == 0)
    #expect(try write().status == 64)
    #expect(try write("--overwrite").status == 0)
    #expect(try write("--overwrite", "--dtype", "float16").status == 64)
    #expect(try write("--overwrite", "--type", "q9_9").status == 64)
    #expect(
      try Mlt.run(["convert", "--model", model, "--type", "q8_0", "--out", "\(scratch.path)/x"]).status == 64)
    let bytes = try Files.read(path: file)
    for length in [0, 3, 20, 300, bytes.count / 2, bytes.count - 1] {
      let cut = try scratch.write(Array(bytes.prefix(length)), "cut.gguf")
      for command in [
        ["inspect", cut], ["tokenize", "--model", cut, "x"], ["generate", "--model", cut, "--prompt", "x"],
      ] {
        let run = try Mlt.run(command)
        #expect(run.status == 65, "\(command[0]) of \(length) bytes: \(run.stderr)")
        #expect(run.stderr.contains("cut.gguf") && run.stderr.split(separator: "\n").count == 1)
      }
    }
  }
}
