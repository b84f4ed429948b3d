// What is generated and what generated it belong together: whoever changes one makes the other anew.

import Foundation
import Registry
import SafeIO
import TestSupport
import Testing

@Suite struct EmbeddedDataTests {
  private static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first { Files.exists($0) }

  @Test func `the embedded model is what its manifest says`() throws {
    let verification = try Manifest.verify(Shared.repository + "/data/model")
    #expect(verification.ok, "\(verification.summary)")
  }

  @Test func `the embedded model was made by the scripts and recipe that are here`() throws {
    let folders = ["scripts", "scripts/triage", "recipes", "recipes/settings"]
    let makers = try Manifest(directory: Shared.repository + "/data/model").inputs
      .filter { ["made-by", "config"].contains($0.role) }
    #expect(makers.count > 10)
    for maker in makers {
      let files = folders.map { "\(Shared.repository)/\($0)/\(maker.name)" }.filter { Files.exists($0) }
      #expect(try files.contains { try Digest.sha256(path: $0) == maker.digest }, "\(maker.name)")
    }
  }

  @Test(
    .enabled(if: python != nil),
    arguments: [
      ("held-out", ["suite", "--count", "5"]), ("perplexity.jsonl", ["perplexity"]), ("", ["lora"]),
    ])
  func `the data is what its generator writes`(name: String, arguments: [String]) throws {
    let scratch = try Scratch()
    let out = name.isEmpty ? scratch.path : "\(scratch.path)/\(name)"
    let run = try Mlt.run(
      ["scripts/generate_triage_data.py"] + arguments + ["--model", "recipes/embedded-model", "--out", out],
      executable: Self.python, in: Shared.repository)
    #expect(run.status == 0, "\(run.stderr)")
    for path in name.isEmpty ? ["train.jsonl", "valid.jsonl"] : [name] {
      #expect(
        try Digest.path("\(scratch.path)/\(path)") == Digest.path("\(Shared.repository)/data/\(path)"),
        "\(path)")
    }
  }
}
