// What is fuzzed: a row for each parser of bytes from outside. A row does with the bytes what mlt does with a file of them,
// using what was read too; it may throw a `Failure` and nothing else may happen. scripts/fuzz runs a row; seeds are in
// Corpus, in a folder of the row's name.

import FineTuning
import Models
import Registry
import SafeIO
import TensorCore
import Tokenization
import WeightFiles

/// The rows, by the names that scripts/fuzz takes.
let parsers: [String: @Sendable (Input) throws(Failure) -> Void] = [
  "archive": { input throws(Failure) in
    let folder = try input.freshFolder("unpacked")
    _ = try Archive.unpack(try input.file("archive.tar"), into: folder)
  },
  "config": { input throws(Failure) in
    _ = try Families.spec(config: JSON.parse(input.bytes, source: "config.json"), source: "config.json").words
  },
  "gguf": { input throws(Failure) in try input.readWeights("model.gguf") },
  "hdf5": { input throws(Failure) in try input.readWeights("model.h5") },
  "index": { input throws(Failure) in
    _ = try input.file("model.safetensors.index.json")
    for shard in ["a", "b"] where !Files.exists("\(input.folder)/\(shard).safetensors") {
      let tensor = Tensor([1, 2])
      try SafetensorsWriter.write(path: "\(input.folder)/\(shard).safetensors", tensors: [(shard, tensor)])
    }
    _ = try ShardedWeights(directory: input.folder)
  },
  "jsonl": { input throws(Failure) in
    var lines = try JSONLines(path: input.file("rows.jsonl"))
    let reader = RowReader(vocabularySize: 300, limit: 64, context: 128) {
      throw Failure.unavailable("no tokenizer")
    }
    while let (row, place) = try lines.next() {
      do { _ = try reader.row(row, line: 1, place: place) } catch {
        precondition(error is Failure, "\(error)")
      }
    }
  },
  "safetensors": { input throws(Failure) in try input.readWeights("model.safetensors") },
  "sentencepiece": { input throws(Failure) in
    try Input.use(Tokenizer.load(directory: input.file("tokenizer.model")))
  },
  "template": { input throws(Failure) in
    guard let source = String(validating: input.bytes, as: UTF8.self) else { return }
    let template = try ChatTemplate(source: source, name: "chat_template.jinja")
    _ = try template.render(
      messages: Input.messages, tools: Input.tools, addGenerationPrompt: true,
      tokens: ["bos_token": "<s>", "eos_token": "</s>"])
  },
  "tiktoken": { input throws(Failure) in
    try Input.use(Tokenizer.load(directory: input.file("cl100k_base.tiktoken")))
  },
  "tokenizer": { input throws(Failure) in
    try Input.use(
      Tokenizer(json: JSON.parse(input.bytes, source: "tokenizer.json"), source: "tokenizer.json"))
  },
  "zstd": { input throws(Failure) in
    var lines = try LineReader(path: input.file("rows.jsonl.zst"))
    while try lines.next() != nil {}
  },
]
