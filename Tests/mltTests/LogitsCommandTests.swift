// mlt logits, from the command line.

import Foundation
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct LogitsCommandTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try TinyModel().write(to: scratch.path + "/model")
  }

  private func run(_ tokens: String, _ more: String...) throws -> Mlt.Run {
    try scratch.write(tokens, "ids.json")
    return try Mlt.run(
      ["logits", "--model", "model", "--tokens", "ids.json", "--out", "logits.safetensors"] + more,
      in: scratch.path)
  }

  private func logits() throws -> Tensor {
    try SafetensorsFile(path: scratch.path + "/logits.safetensors").tensor("logits")
  }

  @Test func `a list of ids gives one matrix, a list of lists a batch`() throws {
    let one = try run("[256, 72, 105]")
    #expect(one.status == 0)
    #expect(one.stdout == "logits.safetensors: logits [3, 258]\n")
    #expect(one.stderr.isEmpty)
    let single = try logits()
    #expect(single.shape == [3, 258])
    let batch = try run("[[256, 72, 105], [1, 2, 3]]", "--json", "--exact", "--threads", "1")
    #expect(
      try batch.json == [
        "version": 1, "out": "logits.safetensors", "shape": [2, 3, 258], "arithmetic": "exact",
      ])
    let both = try logits()
    #expect(both.shape == [2, 3, 258])
    #expect(Array(both.floats().prefix(3 * 258)) == single.floats())
  }

  static let refused: [(String, Int32, String)] = [
    ("[258]", 65, "mlt: ids.json: token 0 has the id 258, but the model knows 0 to 257\n"),
    ("[]", 65, "mlt: ids.json: expected an array of token ids, or an array of such arrays\n"),
    ("[1, 2", 65, "mlt: ids.json: line 1, column 6: expected ',' or ']', found the end of the text\n"),
    (
      "[\(Array(repeating: "1", count: 513).joined(separator: ","))]", 65,
      "mlt: ids.json: 513 tokens are more than the model's context of 512; shorten them\n"
    ),
  ]

  @Test(arguments: refused)
  func `ids that the model can't read are refused and nothing is written`(
    _ tokens: String, _ status: Int32, _ sentence: String
  ) throws {
    let run = try run(tokens)
    #expect(run.status == status)
    #expect(run.stderr == sentence)
    #expect(!Files.exists(scratch.path + "/logits.safetensors"))
  }

  @Test func `a missing model, a missing file and a folder that can't be written are told apart`() throws {
    try scratch.write("[1]", "ids.json")
    func status(_ model: String, _ tokens: String, _ out: String) throws -> Int32 {
      try Mlt.run(["logits", "--model", model, "--tokens", tokens, "--out", out], in: scratch.path).status
    }
    #expect(try status("none", "ids.json", "x.safetensors") == 66)
    #expect(try status("model", "none.json", "x.safetensors") == 66)
    #expect(try status("model", "ids.json", "none/x.safetensors") == 66)
    #expect(try status("ids.json", "ids.json", "x.safetensors") == 65)
    #expect(try Mlt.run(["logits", "--model", "model"], in: scratch.path).status == 64)
  }

  @Test func `a model whose weights are cut short is refused`() throws {
    let path = scratch.path + "/model/model.safetensors"
    let whole = try Files.read(path: path)
    try Files.writeAtomically([UInt8](whole.dropLast()), to: path)
    let run = try run("[1]")
    #expect(run.status == 65)
    #expect(run.stderr.contains("model/model.safetensors: tensor '"))
    #expect(run.stderr.contains("past the end of the file"))
  }
}
