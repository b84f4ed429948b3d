// mlt inspect, from the command line.

import Foundation
import Registry
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct InspectCommandTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try TinyModel().write(to: scratch.path + "/model")
  }

  private func inspect(_ path: String, _ more: String...) throws -> Mlt.Run {
    try Mlt.run(["inspect", path] + more, in: scratch.path)
  }

  @Test func `a model is told with its sizes`() throws {
    let run = try inspect("model", "--json")
    #expect(run.status == 0)
    let record = try run.json
    #expect(record["version"] == 1)
    #expect(record["kind"] == "model")
    #expect(record["model_type"] == "llama")
    #expect(record["layers"] == 2)
    #expect(record["vocabulary"] == 258)
    #expect(record["tied_embedding"] == true)
    #expect(record["quantization"] == .null)
    #expect(record["bits_per_weight"] == 32.0)
    #expect(record["provenance"] == .null)
    let parameters = try #require(record["parameters"]?.intValue)
    #expect(record["size_bytes"] == .integer(4 * parameters))
    let tensors = try #require(record["tensors"]?.arrayValue)
    #expect(tensors.count == 20)
    #expect(
      tensors[0] == [
        "name": "model.embed_tokens.weight", "dtype": "F32", "shape": [258, 32],
        "bytes": .integer(258 * 32 * 4),
      ])
    let text = try inspect("model").stdout
    #expect(text.hasPrefix("model: model\n  model type: llama\n"))
    #expect(text.contains("model.layers.*.mlp.up_proj.weight"))
  }

  @Test func `packed words are not counted as weights`() throws {
    try SafetensorsWriter.write(
      path: scratch.path + "/q.safetensors",
      tensors: [("a.weight", .zeros([2, 4], dtype: .u32)), ("a.scales", .zeros([2, 1], dtype: .bf16))])
    let record = try inspect("q.safetensors", "--json").json
    #expect(record["parameters"] == nil && record["bits_per_weight"] == nil)
    #expect(record["size_bytes"] == 36)
    #expect(record["notes"]?.arrayValue?.count == 1)
  }

  @Test func `a weight file is told by its tensors and metadata`() throws {
    try SafetensorsWriter.write(
      path: scratch.path + "/a.safetensors",
      tensors: [("b", .zeros([2, 3], dtype: .bf16)), ("a", .zeros([5], dtype: .i8))],
      metadata: ["format": "pt"])
    let record = try inspect("a.safetensors", "--json").json
    #expect(record["kind"] == "weight file")
    #expect(record["parameters"] == 11)
    #expect(record["metadata"] == ["format": "pt"])
    #expect(
      record["dtypes"] == ["BF16": ["tensors": 1, "bytes": 12], "I8": ["tensors": 1, "bytes": 5]])
  }

  @Test func `an artifact is told with its provenance`() throws {
    let provenance = Provenance(
      command: "convert", arguments: ["dtype": "float32"],
      inputs: [ProvenanceInput(role: "model", name: "model", digest: String(repeating: "a", count: 64))],
      seed: 7,
      instructionSet: "any")
    try Manifest.seal(scratch.path + "/model", provenance)
    let record = try inspect("model", "--json").json["provenance"]
    #expect(record?["command"] == "convert")
    #expect(record?["arguments"] == ["dtype": "float32"])
    #expect(record?["inputs"]?.arrayValue?[0]["role"] == "model")
    #expect(record?["manifest_digest"] == .string(try Manifest.digest(of: scratch.path + "/model")))
    #expect(try inspect("model/manifest.json", "--json").json["kind"] == "manifest")
    #expect(try inspect("model").stdout.contains("made by mlt convert, manifest sha256:"))
  }

  @Test func `an adapter is told in either format`() throws {
    for (folder, file, config) in [
      ("peft", "adapter_model.safetensors", "{\"peft_type\": \"LORA\", \"r\": 8, \"lora_alpha\": 16}"),
      (
        "mlx", "adapters.safetensors",
        "{\"lora_parameters\": {\"rank\": 8, \"scale\": 2.0}, \"num_layers\": 2}"
      ),
    ] {
      try scratch.write(config, "\(folder)/adapter_config.json")
      try SafetensorsWriter.write(
        path: "\(scratch.path)/\(folder)/\(file)", tensors: [("a", .zeros([8, 4]))])
      let record = try inspect(folder, "--json").json
      #expect(record["kind"] == "adapter")
      #expect(record["format"] == .string(folder))
      #expect(record["parameters"] == 32)
      #expect(record["r"] ?? record["lora_parameters"]?["rank"] == 8)
    }
  }

  @Test func `a model that mlt can't run is still shown, with the reason`() throws {
    let path = scratch.path + "/model/config.json"
    let config = try Files.readText(path: path).replacingOccurrences(of: "\"llama\"", with: "\"mamba\"")
    try Files.writeAtomically(config, to: path)
    let record = try inspect("model", "--json").json
    #expect(record["model_type"] == "mamba")
    #expect(record["tensors"]?.arrayValue?.count == 20)
    #expect(record["notes"]?.arrayValue?[0].stringValue?.contains("'mamba' is not supported") == true)
  }

  @Test func `control characters of a file never reach the terminal`() throws {
    try SafetensorsWriter.write(
      path: scratch.path + "/a.safetensors", tensors: [("a", .zeros([1]))], metadata: ["x": "\u{1b}[2J"])
    #expect(try !inspect("a.safetensors").stdout.contains("\u{1b}"))
  }

  @Test func `what is nothing that mlt knows is said so`() throws {
    #expect(try inspect("none").status == 66)
    try scratch.write("hello", "notes.txt")
    let file = try inspect("notes.txt")
    #expect(file.status == 65)
    #expect(file.stderr.hasPrefix("mlt: notes.txt: is not a weight file of a known format ("))
    try Files.makeDirectory(scratch.path + "/empty")
    #expect(try inspect("empty").status == 65)
  }
}
