// Sampling against transformers' processors. Goldens/sampling: six rows of logits and the probabilities after each
// set of parameters, recorded from transformers 5.23; its tolerance is 1e-6, and the kept tokens are the same.

import Foundation
import Generation
import SafeIO
import TensorCore
import Testing
import WeightFiles

private struct GoldenCase: CustomTestStringConvertible, Sendable {
  let key: String
  let logits: String
  let parameters: JSON
  let mayDifferInTies: Bool
  var testDescription: String { "\(key) \(parameters.text(.python))" }

  static let folder = Bundle.module.resourcePath.map { "\($0)/Goldens/sampling" } ?? ""

  static let all: [GoldenCase] = {
    let cases = (try? JSON.read(path: "\(folder)/cases.json"))?["cases"]?.arrayValue ?? []
    return cases.map { entry in
      GoldenCase(
        key: entry["key"]?.stringValue ?? "", logits: entry["logits"]?.stringValue ?? "",
        parameters: entry["params"] ?? [:], mayDifferInTies: entry["ties_at_the_cut_may_differ"] == true)
    }
  }()

  var options: SamplingOptions {
    func number(_ name: String) -> Float? { parameters[name]?.doubleValue.map { Float($0) } }
    var options = SamplingOptions()
    options.temperature = number("temperature") ?? 1
    options.topK = parameters["top_k"]?.intValue
    options.topP = number("top_p")
    options.minP = number("min_p")
    options.typicalP = number("typical_p")
    options.repetitionPenalty = number("repetition_penalty") ?? 1
    options.noRepeatNgramSize = parameters["no_repeat_ngram_size"]?.intValue
    return options
  }
}

@Suite struct SamplerTests {
  @Test func `all 108 golden cases are there`() {
    #expect(GoldenCase.all.count == 108)
  }

  @Test(arguments: GoldenCase.all)
  private func `probabilities are those of transformers`(golden: GoldenCase) throws {
    let inputs = try SafetensorsFile(path: "\(GoldenCase.folder)/logits.safetensors")
    let expected = try SafetensorsFile(path: "\(GoldenCase.folder)/cases.safetensors")
      .tensor("\(golden.key).probs").floats()
    let history = TokenHistory(prompt: try inputs.tensor("previous_ids").integers().map { Int32($0) })
    let ours = Sampler(golden.options)
      .probabilities(try inputs.tensor(golden.logits).floats(), history: history)
    if golden.mayDifferInTies {
      for (a, b) in zip(ours.sorted(), expected.sorted()) { #expect(abs(a - b) <= 1e-5) }
    } else {
      for (index, (a, b)) in zip(ours, expected).enumerated() {
        #expect(abs(a - b) <= 1e-6, "id \(index)")
        #expect((a == 0) == (b == 0), "id \(index)")
      }
    }
  }

  @Test func `temperature 0 takes the first of the largest logits`() {
    let sampler = Sampler(SamplingOptions())
    let history = TokenHistory(prompt: [])
    #expect(sampler.sample([1, 3, -1, 3], history: history) == 1)
    #expect(sampler.sample([.nan, 3, 4], history: history) == 2)
    #expect(sampler.sample([-.infinity, -.infinity], history: history) == 0)
  }

  @Test func `a mask holds whatever the logits say`() {
    var mask = TokenMask(size: 3)
    mask[1] = true
    for temperature: Float in [0, 1] {
      var options = SamplingOptions()
      options.temperature = temperature
      options.topK = 1
      let sampler = Sampler(options)
      let history = TokenHistory(prompt: [])
      // The last logit has no token in the vocabulary.
      #expect(sampler.sample([9, -9, 5, 99], history: history, mask: mask) == 1)
      #expect(sampler.sample([9, -.infinity, 5, 99], history: history, mask: mask) == 1)
    }
  }

  @Test func `presence and frequency penalties count generated tokens only`() {
    var options = SamplingOptions()
    options.temperature = 1
    options.presencePenalty = 1
    options.frequencyPenalty = 0.5
    var history = TokenHistory(prompt: [0, 0])
    for id: Int32 in [1, 2, 2] { history.append(id) }
    let probabilities = Sampler(options).probabilities([0, 0, 0], history: history)
    let expected = softmax([0, -1.5, -2])
    for (a, b) in zip(probabilities, expected) { #expect(abs(a - b) < 1e-6) }
  }

  @Test func `draws follow the probabilities, and a seed fixes them`() {
    var options = SamplingOptions()
    options.temperature = 1
    let logits: [Float] = [logf(0.5), logf(0.3), logf(0.2)]
    func draws(seed: Int) -> [Int32] {
      options.seed = seed
      let sampler = Sampler(options)
      var history = TokenHistory(prompt: [7])
      for _ in 0..<20_000 { history.append(sampler.sample(logits, history: history)) }
      return Array(history.ids.dropFirst())
    }
    let first = draws(seed: 1)
    #expect(first == draws(seed: 1))
    #expect(first != draws(seed: 2))
    // Three standard deviations of a binomial count are at most 0.0107 of 20,000 draws.
    for (id, share) in [0.5, 0.3, 0.2].enumerated() {
      #expect(abs(Double(first.count { $0 == Int32(id) }) / 20_000 - share) < 0.011)
    }
  }

  @Test func `a value out of range is named`() {
    func expectRefusal(_ name: String, _ change: (inout SamplingOptions) -> Void) {
      var options = SamplingOptions()
      change(&options)
      let failure = #expect(throws: Failure.self) { try options.validate() }
      #expect(failure?.kind == .usage)
      #expect(failure?.message.hasPrefix("\(name) is ") == true)
    }
    expectRefusal("temperature") { $0.temperature = -1 }
    expectRefusal("temperature") { $0.temperature = .nan }
    expectRefusal("top-k") { $0.topK = 0 }
    expectRefusal("top-p") { $0.topP = 0 }
    expectRefusal("top-p") { $0.topP = 1.5 }
    expectRefusal("min-p") { $0.minP = -0.1 }
    expectRefusal("typical-p") { $0.typicalP = 1 }
    expectRefusal("repetition-penalty") { $0.repetitionPenalty = 0 }
    expectRefusal("presence-penalty") { $0.presencePenalty = .infinity }
    expectRefusal("frequency-penalty") { $0.frequencyPenalty = .nan }
    expectRefusal("no-repeat-ngram-size") { $0.noRepeatNgramSize = 0 }
  }
}
