// mlt perplexity, from the command line.

import Foundation
import SafeIO
import TestSupport
import Testing

@Suite struct PerplexityCommandTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try TinyModel().write(to: scratch.path + "/model")
    var other = TinyModel()
    other.seed = 2
    try other.write(to: scratch.path + "/other")
    try scratch.write(String(repeating: "A text of 24 bytes each.", count: 4), "text.txt")
    try scratch.write("{\"text\": \"one\"}\n{\"text\": \"three\"}\n", "data.jsonl")
  }

  private func run(_ arguments: String...) throws -> Mlt.Run {
    try Mlt.run(["perplexity", "--model", "model"] + arguments, in: scratch.path)
  }

  @Test func `a text is scored in windows`() throws {
    let run = try run(
      "--text", "text.txt", "--context", "32", "--stride", "16", "--json", "--logprobs", "l.txt")
    #expect(run.status == 0)
    #expect(run.stderr.isEmpty)
    let record = try run.json
    #expect(record["version"] == 1)
    #expect(record["tokens"] == 96)
    #expect(record["scored_tokens"] == 95)
    #expect(record["context"] == 32)
    #expect(record["stride"] == 16)
    let nll = try #require(record["nll"]?.doubleValue)
    let perplexity = try #require(record["perplexity"]?.doubleValue)
    #expect(abs(exp(nll / 95) / perplexity - 1) < 1e-12)
    let lines = try Files.readText(path: scratch.path + "/l.txt").split(separator: "\n")
    #expect(lines.count == 96)
    #expect(lines[0] == "nan")
    #expect(abs(lines.dropFirst().reduce(0) { $0 - (Double($1) ?? .nan) } - nll) < 1e-3)
  }

  @Test func `documents begin with the beginning-of-text token`() throws {
    let record = try run("--data", "data.jsonl", "--json").json
    #expect(record["tokens"] == 10)
    #expect(record["scored_tokens"] == 8)
    #expect(record["stride"] == .null)
    #expect(try run("--data", "data.jsonl", "--limit", "1", "--json").json["scored_tokens"] == 3)
    #expect(try run("--text", "text.txt", "--bos", "--context", "33", "--json").json["scored_tokens"] == 96)
  }

  @Test func `a model is compared with a model or with saved logits`() throws {
    let model = try run("--text", "text.txt", "--reference", "other", "--json").json["kl_divergence"]
    let mean = try #require(model?["mean"]?.doubleValue)
    #expect(mean > 0)
    let saving = try Mlt.run(
      ["perplexity", "--model", "other", "--text", "text.txt", "--save-logits", "other.safetensors"],
      in: scratch.path)
    #expect(saving.status == 0)
    #expect(saving.stdout.hasPrefix("perplexity "))
    let saved = try run("--text", "text.txt", "--reference", "other.safetensors", "--json").json[
      "kl_divergence"]
    #expect(saved?["mean"] == model?["mean"])
    let text = try run("--text", "text.txt", "--reference-model", "model")
    #expect(text.stdout.contains("KL-divergence from model: mean 0.000000"))
    #expect(text.stdout.contains("same first choice 100.00 %"))
    let short = try run("--text", "text.txt", "--context", "9", "--reference", "other.safetensors")
    #expect(short.status == 65)
    #expect(short.stderr.contains("use the text, context and stride it was made with"))
  }

  @Test func `what can't be measured is told with its exit status`() throws {
    try scratch.write("", "empty.txt")
    try scratch.write("{\"text\": \"a\"}\n{\"text\" \"b\"}\n", "broken.jsonl")
    let cases: [([String], Int32, String)] = [
      (["--text", "none.txt"], 66, "none.txt: no such file or folder"),
      (["--text", "empty.txt"], 65, "empty.txt: has 0 tokens, too few to predict one from another"),
      (["--data", "broken.jsonl"], 65, "broken.jsonl: line 2: "),
      (["--data", "empty.txt"], 65, "empty.txt: holds no documents"),
      (
        ["--text", "text.txt", "--context", "513"], 64,
        "a context of 513 tokens is more than the 512 of model"
      ),
      (["--text", "text.txt", "--stride", "0"], 64, "the stride is 0"),
      (["--text", "text.txt", "--data", "data.jsonl"], 64, "Give either --text or --data."),
      ([], 64, "Give either --text or --data."),
    ]
    for (arguments, status, words) in cases {
      let run = try Mlt.run(["perplexity", "--model", "model"] + arguments, in: scratch.path)
      #expect(run.status == status, "\(arguments)")
      #expect(run.stderr.contains(words), "\(run.stderr)")
      #expect(run.stdout.isEmpty)
    }
  }

  /// Mean negative log-likelihoods that transformers gives for a real model on real text, and predictions.
  static let references: [([String], Double, Int)] = [
    (["--data", "text/tinystories.jsonl", "--limit", "200"], 1.47792, 79_255),
    (["--text", "text/wikitext-2/valid.txt", "--bos", "--limit", "200"], 5.31162, 102_200),
    (["--text", "text/tinyshakespeare.txt", "--bos", "--limit", "200"], 4.72344, 102_200),
  ]

  @Test(
    .enabled(if: Shared.has("real/models/stories260K"), "needs the shared real model"), arguments: references)
  func `a real model's perplexity is that of transformers`(
    _ arguments: [String], _ expected: Double, _ scored: Int
  ) throws {
    let run = try Mlt.run(
      ["perplexity", "--model", "models/stories260K/hf", "--json", "--quiet"] + arguments,
      in: Shared.file("real"))
    let record = try run.json
    #expect(record["scored_tokens"] == .integer(scored))
    let mean = try #require(record["mean_nll"]?.doubleValue)
    // The reference is given to five decimals.
    #expect(abs(mean - expected) < 1e-5)
    #expect(record["perplexity"] == .double(exp(mean)))
  }
}
