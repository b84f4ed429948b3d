// Perplexity and divergence against their definitions and against recorded values.

import Evaluation
import Foundation
import Models
import SafeIO
import TensorCore
import TestSupport
import Testing
import Tokenization
import WeightFiles

@Suite struct PerplexityTests {
  /// A complete model with random weights.
  private func model(seed: UInt64 = 1) throws -> (scratch: Scratch, decoder: Decoder) {
    let scratch = try Scratch()
    var tiny = TinyModel()
    tiny.seed = seed
    try tiny.write(to: scratch.path)
    return (scratch, try Decoder(ModelDirectory(path: scratch.path)))
  }

  private static let ids = (0..<50).map { Int32($0 * 37 % 200) }

  @Test func `perplexity is the exponential of the mean negative log-likelihood`() throws {
    let (_, decoder) = try model()
    let plan = try ScoringPlan(text: Self.ids, context: 16, place: "text")
    let result = try Perplexity.measure(DecoderDistributions(decoder, name: "model"), plan: plan)
    // By the definition, window by window, in f64.
    var total = 0.0
    for window in plan.windows {
      let logits = decoder.logits(decoder.forward(TokenRows(documents: [window.ids]))).floats().map(
        Double.init)
      let width = decoder.spec.vocabularySize
      for position in window.scored {
        let row = logits[(position - 1) * width..<position * width]
        let normalizer = log(row.reduce(0) { $0 + exp($1) })
        let expected = row[row.startIndex + Int(window.ids[position])] - normalizer
        total += expected
        #expect(abs(Double(result.logLikelihoods[window.start + position]) - expected) < 1e-5)
      }
    }
    #expect(result.scoredTokens == 46)
    #expect(abs(result.negativeLogLikelihood + total) < 1e-4)
    #expect(abs(result.perplexity - exp(-total / 46)) < 1e-3)
    let unscored = result.logLikelihoods.indices.filter { result.logLikelihoods[$0].isNaN }
    #expect(unscored == [0, 16, 32, 48])
    #expect(result.divergence == nil)
  }

  @Test func `a model does not diverge from itself, and does from another`() throws {
    let (_, decoder) = try model()
    let plan = try ScoringPlan(text: Self.ids, context: 16, stride: 8, place: "text")
    let itself = DecoderDistributions(decoder, name: "model")
    let same = try #require(
      try Perplexity.measure(itself, plan: plan, reference: DecoderDistributions(decoder, name: "same"))
        .divergence)
    #expect(same.maximum == 0)
    #expect(same.sameTopShare == 1)
    let (_, other) = try model(seed: 2)
    let far = try #require(
      try Perplexity.measure(itself, plan: plan, reference: DecoderDistributions(other, name: "other"))
        .divergence)
    #expect(far.mean > 0.01)
    #expect(far.maximum >= far.quantile(0.999))
    #expect(far.sameTopShare < 1)
  }

  @Test func `the divergence is Σ p log(p / q)`() throws {
    var divergence = KLDivergence()
    // p = (1/2, 1/2), q = (1/4, 3/4): 1/2 log 2 + 1/2 log(2/3); and one pair that is equal.
    divergence.add(
      reference: Tensor([0, 0, 1, 3] as [Float], shape: [2, 2]),
      model: Tensor([0, Float(log(3.0)), 11, 13] as [Float], shape: [2, 2]))
    let expected = 0.5 * log(2.0) + 0.5 * log(2.0 / 3)
    #expect(abs(divergence.maximum - expected) < 1e-6)
    #expect(abs(divergence.mean - expected / 2) < 1e-6)
    #expect(abs(divergence.quantile(0.5)) < 1e-6)
    // In the first row the reference is undecided and the first of equal ones counts.
    #expect(divergence.sameTopShare == 0.5)
  }

  @Test func `saved logits serve as a reference for the same text alone`() throws {
    let (scratch, decoder) = try model()
    let path = scratch.path + "/logits.safetensors"
    let plan = try ScoringPlan(text: Self.ids, context: 16, stride: 8, place: "text")
    let source = DecoderDistributions(decoder, name: "model")
    let writer = try SavedDistributionsWriter(
      path: path, plan: plan, vocabularySize: decoder.spec.vocabularySize)
    _ = try Perplexity.measure(source, plan: plan, writer: writer)
    let saved = try SavedDistributions(path: path, plan: plan)
    let divergence = try Perplexity.measure(source, plan: plan, reference: saved).divergence
    #expect(divergence?.maximum == 0)

    let shorter = try ScoringPlan(text: Self.ids, context: 16, place: "text")
    let count = #expect(throws: Failure.self) { try SavedDistributions(path: path, plan: shorter) }
    #expect(count?.message.contains("holds 49 tokens, but 46 are scored here") == true)
    let other = try ScoringPlan(text: Self.ids.reversed(), context: 16, stride: 8, place: "text")
    let failure = try #require(
      #expect(throws: Failure.self) {
        try Perplexity.measure(source, plan: other, reference: SavedDistributions(path: path, plan: other))
      })
    #expect(failure.message == "\(path): was made of another text, or with other windows")
  }

  @Test func `log-likelihoods are written in the form that the name asks for`() throws {
    let scratch = try Scratch()
    for name in ["a.safetensors", "a.json", "a.txt"] {
      try LogLikelihoodFile.write([.nan, -1.5, -0.25], to: "\(scratch.path)/\(name)")
    }
    #expect(try Files.readText(path: scratch.path + "/a.json") == "[null, -1.5, -0.25]\n")
    #expect(try Files.readText(path: scratch.path + "/a.txt") == "nan\n-1.5\n-0.25\n")
    let tensor = try SafetensorsFile(path: scratch.path + "/a.safetensors").tensor("logprobs")
    #expect(tensor.floats().dropFirst() == [-1.5, -0.25])
    #expect(tensor.floats()[0].isNaN)
  }

  @Test func `a line that is no document is named`() throws {
    let scratch = try Scratch()
    let good = try scratch.write("{\"text\": \"a\"}\r\n\n{\"text\": \"b\", \"x\": 1}\n", "good.jsonl")
    #expect(try TextDocuments.read(path: good, key: "text") == ["a", "b"])
    let cases = [
      ("{\"text\": \"a\"}\n{\"text\": }\n", "bad.jsonl: line 2: line 1, column 10"),
      ("{\"story\": \"a\"}\n", "bad.jsonl: line 1: key 'text': is missing"),
      ("[1]\n", "bad.jsonl: line 1: expected an object"), ("\n \n", "bad.jsonl: holds no documents"),
      ("", "holds no"),
    ]
    for (text, words) in cases {
      let path = try scratch.write(text, "bad.jsonl")
      let failure = #expect(throws: Failure.self) { try TextDocuments.read(path: path, key: "text") }
      #expect(failure?.kind == .badData)
      #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
    }
  }

  @Test func `token lists are read strictly`() throws {
    func lists(_ text: String) throws(Failure) -> TokenLists {
      try TokenLists(JSON.parse(text, source: "t.json"), source: "t.json")
    }
    #expect(try lists("[1, 2]") == .one([1, 2]))
    #expect(try lists("[[1, 2], [3, 4]]") == .batch([[1, 2], [3, 4]]))
    #expect(try lists("[[1, 2], [3, 4]]").shape(vocabulary: 7) == [2, 2, 7])
    for text in [
      "[]", "[[]]", "{}", "[1, 2.5]", "[1, \"2\"]", "[1, [2]]", "[[1], [2, 3]]", "[3000000000]", "1",
    ] {
      let failure = #expect(throws: Failure.self) { try lists(text) }
      #expect(failure?.kind == .badData, "\(text)")
    }
  }

  /// Measured with transformers on float32 weights; tolerances of the goldens' description.
  static let goldens = [
    "base/tiny-llama", "base/tiny-qwen2", "mlx/tiny-llama-q4-g64", "mlx/tiny-llama-q8-g32",
    "mlx/tiny-llama-mixed_3_6",
  ].filter { Shared.has("goldens/\($0)") && Shared.has("goldens/perplexity") }

  @Test(arguments: goldens)
  func `windows score as the reference does`(_ name: String) throws {
    let path = Shared.file("goldens/\(name)")
    let decoder = try Decoder(ModelDirectory(path: path))
    let record = Shared.file("goldens/perplexity/\(Files.name(of: path))")
    let expected = try SafetensorsFile(path: record + ".safetensors")
    let ids = try expected.tensor("ids").integers().map(Int32.init)
    let text = try Files.readText(path: Shared.file("goldens/perplexity/text.txt"))
    #expect(try Tokenizer.load(directory: path).encode(text, addSpecialTokens: false).ids == ids)
    let facts = try JSON.read(path: record + ".json")
    for mode in ["strided", "nonoverlapping", "window512"] {
      let fact = try Fields(#require(facts[mode]), source: mode)
      let plan = try ScoringPlan(
        text: ids, context: fact.int("window"), stride: fact.int("stride"), place: "text")
      let result = try Perplexity.measure(DecoderDistributions(decoder, name: name), plan: plan)
      #expect(result.scoredTokens == (try fact.int("scored")))
      #expect(abs(result.perplexity / (try fact.double("ppl")) - 1) < 1e-5)
      let golden = try expected.tensor("\(mode).logprobs").floats()
      #expect(golden.count == result.logLikelihoods.count)
      for (ours, theirs) in zip(result.logLikelihoods, golden) {
        #expect(ours.isNaN == theirs.isNaN)
        if !theirs.isNaN { #expect(abs(ours - theirs) <= 2e-4) }
      }
    }
  }
}
