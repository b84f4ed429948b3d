// What holds for every decoder, on a model of a few hundred weights.

import Models
import SafeIO
import TensorCore
import Testing

@Suite struct DecoderTests {
  private static let ids: [Int32] = [3, 1, 4, 1, 5, 9, 2, 6]

  private func model(_ changes: [String: JSON?] = [:]) throws -> Decoder {
    try RandomModel(RandomModel.config("qwen3", ["head_dim": 4].merging(changes) { $1 })).decoder()
  }

  /// The mean loss of predicting each token from those before it.
  private func loss(_ decoder: Decoder, checkpointing: Bool = false) -> Tensor {
    let hidden = decoder.forward(TokenRows(documents: [Self.ids]), checkpointing: checkpointing)
    return decoder.lossSum(hidden, labels: Array(Self.ids.dropFirst()) + [-100]) / Float(Self.ids.count - 1)
  }

  @Test func `ids outside the vocabulary are named`() throws {
    let decoder = try model()
    try decoder.check([0, 10], place: "x")
    for id: Int32 in [11, -1] {
      let failure = #expect(throws: Failure.self) { try decoder.check([0, id], place: "tokens.json") }
      #expect(failure?.message == "tokens.json: token 1 has the id \(id), but the model knows 0 to 10")
    }
  }

  @Test func `a sequence beyond the context is refused`() throws {
    let decoder = try model()
    try decoder.check(Array(repeating: 0, count: 32), place: "x")
    let failure = #expect(throws: Failure.self) {
      try decoder.check(Array(repeating: 0, count: 30), place: "x", cached: 3)
    }
    #expect(failure?.message == "x: 33 tokens are more than the model's context of 32; shorten them")
  }

  @Test(arguments: ["qwen3"] + RandomModel.mixers.keys.sorted())
  func `documents in a row do not see each other`(_ family: String) throws {
    let windows: [String: JSON?] =
      family == "qwen3"
      ? ["head_dim": 4, "sliding_window": 3, "use_sliding_window": true, "max_window_layers": 1] : [:]
    let decoder = try RandomModel(RandomModel.mixed(family, windows)).decoder()
    let documents: [[Int32]] = [[1, 2, 3, 4, 5], [6], [], [7, 8]]
    let together = decoder.forward(TokenRows(documents: documents)).floats()
    let apart = documents.filter { !$0.isEmpty }.flatMap {
      decoder.forward(TokenRows(documents: [$0])).floats()
    }
    // Up to the rounding of matrix products of other sizes.
    #expect(difference(together, apart) < 1e-5)
  }

  @Test(arguments: RandomModel.mixers.keys.sorted())
  func `texts of different lengths go on together as each does alone`(_ family: String) throws {
    let decoder = try RandomModel(RandomModel.mixed(family)).decoder()
    let texts: [[Int32]] = [[1, 2, 3, 4, 5, 6], [7], [8, 9]]
    func read(_ pieces: [(text: Int, ids: [Int32])], _ caches: [KeyValueCaches]) -> [Float] {
      decoder.forward(TokenRows(documents: pieces.map(\.ids)), caches: pieces.map { caches[$0.text] })
        .floats()
    }
    let caches = texts.map { _ in KeyValueCaches(decoder.spec) }
    _ = read(texts.indices.map { ($0, texts[$0]) }, caches)
    let together = read([(0, [3]), (1, [2, 1]), (2, [4])], caches)
    let alone = zip(texts, [[3], [2, 1], [4]] as [[Int32]]).flatMap { text, next in
      decoder.forward(TokenRows(documents: [text + next])).floats().suffix(8 * next.count)
    }
    #expect(difference(together, alone) < 1e-5)
    // One text ends, the others go on.
    let later = read([(2, [5]), (0, [6])], caches)
    let expected = [texts[2] + [4, 5], texts[0] + [3, 6]].flatMap {
      decoder.forward(TokenRows(documents: [$0])).floats().suffix(8)
    }
    #expect(difference(later, expected) < 1e-5)
  }

  @Test(arguments: ["qwen3"] + RandomModel.mixers.keys.sorted())
  func `a cache that went back continues as if the rest had never been`(_ family: String) throws {
    let decoder = try RandomModel(RandomModel.mixed(family)).decoder()
    let caches = KeyValueCaches(decoder.spec)
    _ = decoder.forward(TokenRows(documents: [[1, 2, 3]]), caches: [caches])
    let place = caches.place
    for _ in 0..<2 { _ = decoder.forward(TokenRows(documents: [[9, 9, 9]]), caches: [caches]) }
    caches.goBack(to: place)
    let continued = decoder.forward(TokenRows(documents: [[4]]), caches: [caches]).floats()
    let whole = decoder.forward(TokenRows(documents: [[1, 2, 3, 4]])).floats()
    #expect(difference(continued, Array(whole.suffix(8))) < 1e-5)
  }

  @Test func `reading the padding token teaches its embedding nothing`() throws {
    func gradient(_ paddingToken: JSON) throws -> [[Float]] {
      let decoder = try model(["pad_token_id": paddingToken])
      let embedding = decoder.embedding.train()
      let gradient = try #require(loss(decoder).backward()[embedding]).floats()
      return (0..<11).map { Array(gradient[$0 * 8..<($0 + 1) * 8]) }
    }
    let (all, some) = (try gradient(.null), try gradient(4))
    #expect(all[4].contains { $0 != 0 } && some[4].allSatisfy { $0 == 0 })
    for row in 0..<11 where row != 4 { #expect(all[row] == some[row]) }
  }

  @Test func `weights and linears stand in the order of the specification`() throws {
    let decoder = try model(["attention_bias": true])
    #expect(decoder.weights.map(\.name) == decoder.spec.parameters.map(\.name))
    #expect(decoder.weights.map(\.shape) == decoder.spec.parameters.map(\.shape))
    #expect(decoder.linears.map(\.weight.name) == decoder.spec.matrices.dropFirst().map(\.name))
    #expect(decoder.linears[2].path == "model.layers.0.self_attn.v_proj")
    #expect(decoder.linears.last?.path == "lm_head")
    for family in RandomModel.mixers.keys {
      let decoder = try RandomModel(RandomModel.mixed(family)).decoder()
      #expect(decoder.weights.map(\.name) == decoder.spec.parameters.map(\.name))
      #expect(decoder.weights.map(\.shape) == decoder.spec.parameters.map(\.shape))
      #expect(decoder.linears.map(\.weight.name) == decoder.spec.matrices.dropFirst().map(\.name))
    }
  }

  @Test(arguments: ["qwen3"] + RandomModel.mixers.keys.sorted())
  func `training every weight gives each a gradient, the same with checkpointing`(_ family: String) throws {
    let decoder = try RandomModel(RandomModel.mixed(family)).decoder()
    let leaves = decoder.weights.map { $0.train() }
    let plain = loss(decoder).backward()
    let checkpointed = loss(decoder, checkpointing: true).backward()
    for (weight, leaf) in zip(decoder.weights, leaves) {
      let gradient = try #require(plain[leaf], "\(weight.name)")
      #expect(gradient.floats().contains { $0 != 0 }, "\(weight.name)")
      #expect(checkpointed[leaf]?.floats() == gradient.floats(), "\(weight.name)")
    }
  }

  @Test(arguments: ["qwen3"] + RandomModel.mixers.keys.sorted())
  func `gradients agree with finite differences`(_ family: String) throws {
    let decoder = try RandomModel(RandomModel.mixed(family, ["tie_word_embeddings": true])).decoder()
    let weights = decoder.weights
    let leaves = weights.map { $0.train() }
    let gradients = loss(decoder).backward()
    for (weight, leaf) in zip(weights, leaves) {
      let gradient = try #require(gradients[leaf]).floats()
      let values = leaf.floats()
      // The entry with the largest gradient. The central difference errs by the step's square times the third derivative,
      // which is large where short keys are divided by their lengths, and by the loss' rounding over the step.
      let index = try #require(gradient.indices.max { abs(gradient[$0]) < abs(gradient[$1]) })
      let step: Float = family == "qwen3" ? 1e-2 : 1e-3
      func shifted(_ by: Float) -> Float {
        var moved = values
        moved[index] += by
        weight.replace(with: Tensor(moved, shape: weight.shape))
        defer { weight.replace(with: leaf) }
        return loss(decoder).item()
      }
      let slope = (shifted(step) - shifted(-step)) / (2 * step)
      #expect(abs(slope - gradient[index]) < 0.02 * abs(gradient[index]) + 1e-3, "\(weight.name)")
    }
  }

  @Test func `a tied embedding gets the gradients of both uses`() throws {
    let tied = try model(["tie_word_embeddings": true])
    let leaf = tied.embedding.train()
    #expect(tied.weights.count { $0 === tied.embedding } == 1)
    let gradient = try #require(loss(tied).backward()[leaf]).floats()
    // Token 10 is never read, so its row has the head's gradient alone; token 3 is read and has both.
    #expect(gradient[80..<88].contains { $0 != 0 })
    #expect(gradient[24..<32].contains { $0 != 0 })
  }

  @Test func `frozen weights record nothing`() throws {
    let decoder = try model()
    #expect(!decoder.forward(TokenRows(documents: [Self.ids])).requiresGradient)
    #expect(decoder.weights.allSatisfy { $0.trained == nil })
  }

  @Test func `a trained weight leaves the mapped file alone`() throws {
    let tiny = try RandomModel()
    let decoder = try tiny.decoder()
    let before = try Files.read(path: tiny.path + "/model.safetensors")
    for weight in decoder.weights {
      weight.train().withMutableBytes { bytes in
        for index in bytes.bindMemory(to: Float.self).indices { bytes.bindMemory(to: Float.self)[index] = 7 }
      }
    }
    #expect(try Files.read(path: tiny.path + "/model.safetensors") == before)
    #expect(decoder.weights.allSatisfy { $0.expanded.floats().allSatisfy { $0 == 7 } })
  }

  @Test func `an adapter adds to the output of the weight, not of the bias`() throws {
    /// W once more, as factors.
    final class Doubling: LinearAdapter {
      let factors: LowRankFactors

      init(_ linear: Linear) {
        let identity = (0..<linear.outputs * linear.outputs).map {
          Float($0 % (linear.outputs + 1) == 0 ? 1 : 0)
        }
        factors = LowRankFactors(
          inner: linear.weight.expanded, outer: Tensor(identity, shape: [linear.outputs, linear.outputs]),
          scale: 1)
      }
    }
    let decoder = try model(["attention_bias": true])
    let linear = decoder.linears[0]
    let x = Tensor((0..<8).map { Float($0) }, shape: [1, 8])
    let plain = linear(x).floats()
    linear.adapter = Doubling(linear)
    let bias = try #require(linear.bias).expanded.floats()
    let expected = zip(plain, bias).map { ($0 - $1) * 2 + $1 }
    #expect(difference(linear(x).floats(), expected) < 1e-5)
  }
}
