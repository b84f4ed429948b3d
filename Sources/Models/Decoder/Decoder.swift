// The one model of mlt: a decoder-only model built from a specification. Families differ in their specification,
// weight formats in their matrices, adapters in their layers; none of that is visible here.

import SafeIO
import TensorCore

/// A decoder-only model with its weights.
///
/// Lives on one thread, as tensors do.
package final class Decoder {
  package let spec: DecoderSpec
  package let embedding: Weight
  private let positions: Weight?
  /// The output layer; nil when the embedding serves (tied).
  package let head: Linear?
  /// Bytes of activations that a forward pass may leave for the backward pass before blocks make parts of them again;
  /// nil is what `ActivationBudget` says.
  package var activationBudget: Int?
  private let blocks: [Block]
  private let finalNorm: Norm

  /// Finds the weights of an opened model; they stay mapped in their stored form, and those that are multiplied in 8 bits
  /// are also turned into the order of that product's kernels.
  ///
  /// - Parameter arithmetic: how products with its weights round.
  /// - Throws: `Failure.badData` that names the tensor, what was expected and what was found.
  package init(_ model: ModelDirectory, arithmetic: Arithmetic = .exact) throws(Failure) {
    spec = model.spec
    let loader = try WeightLoader(model, arithmetic)
    embedding = try loader.matrix(spec.embedding)
    positions = try spec.positions.map { spec throws(Failure) in try loader.matrix(spec) }
    var rotations: [RotarySpec: Rotation] = [:]
    var blocks: [Block] = []
    for (layer, block) in spec.blocks.enumerated() {
      let rotary = block.attention?.rotary
      let rotation = rotary.map { rotations[$0] ?? Rotation($0) }
      if let rotary { rotations[rotary] = rotation }
      blocks.append(try Block(block, loader, layer: layer, rotation: rotation))
    }
    self.blocks = blocks
    finalNorm = try Norm(spec.finalNorm, loader)
    head = try spec.head.map { spec throws(Failure) in try Linear(spec, loader) }
    for weight in linears.map(\.weight) + (head == nil ? [embedding] : []) { weight.prepare() }
  }

  /// The linear layers in the order of Hugging Face's modules: those of the blocks, then the head if it has its own.
  package var linears: [Linear] { blocks.flatMap(\.linears) + (head.map { [$0] } ?? []) }

  /// The linear layers of each block that may have an adapter.
  package var adaptableLinears: [[Linear]] { blocks.map { $0.linears.filter(\.isAdaptable) } }

  /// Every weight in the order of `DecoderSpec.parameters`; a tied one stands once.
  package var weights: [Weight] {
    [embedding] + (positions.map { [$0] } ?? []) + blocks.flatMap(\.weights) + finalNorm.weights
      + (head?.weights ?? [])
  }

  /// Checks that tokens can be computed: ids that the model knows, no document longer than its context.
  ///
  /// - Parameters:
  ///   - place: where the tokens come from, for the error.
  ///   - cached: tokens that are in a cache before them.
  /// - Throws: `Failure.badData`.
  package func check(_ ids: [Int32], place: String, cached: Int = 0) throws(Failure) {
    for (position, id) in ids.enumerated() where id < 0 || id >= spec.vocabularySize {
      throw .badData(
        place, "token \(position) has the id \(id), but the model knows 0 to \(spec.vocabularySize - 1)")
    }
    guard cached + ids.count <= spec.contextLength else {
      throw .badData(
        place,
        "\(cached + ids.count) tokens are more than the model's context of \(spec.contextLength); shorten them"
      )
    }
  }

  /// Runs the decoder.
  ///
  /// - Parameters:
  ///   - batch: tokens that `check` has accepted.
  ///   - caches: for each document what is kept of its tokens before those in `batch`, which are then added; without
  ///     them every document begins here.
  ///   - checkpointing: whether blocks are computed again for the gradient instead of remembered.
  /// - Returns: the hidden states after the final norm, `[rows, hidden]`.
  package func forward(
    _ batch: TokenRows, caches: [KeyValueCaches] = [], checkpointing: Bool = false
  ) -> Tensor {
    let pass = ForwardPass(batch, caches: caches)
    var hidden = embedded(batch, pass)
    // Generating a token must not pay for what only training asks.
    let remade = isRecording && !checkpointing ? remadeBlocks(rows: batch.ids.count) : 0..<0
    for (layer, block) in blocks.enumerated() {
      if checkpointing {
        hidden = checkpoint([hidden]) { [block($0[0], pass)] }[0]
      } else if remade.contains(layer) {
        hidden = remakingProducts { block(hidden, pass) }
      } else {
        hidden = block(hidden, pass)
      }
    }
    pass.finish()
    return finalNorm(hidden)
  }

  /// What enters the first block.
  private func embedded(_ batch: TokenRows, _ pass: ForwardPass) -> Tensor {
    let rows = embedding.gather(batch.ids, padding: spec.paddingToken)
    let scaled = spec.embeddingScale == 1 ? rows : rows * spec.embeddingScale
    return positions.map { scaled + $0.gather(pass.positions) } ?? scaled
  }

  /// The blocks that make products again in the backward pass, for this many rows.
  private func remadeBlocks(rows: Int) -> Range<Int> {
    let first = embedding.trained == nil ? blocks.firstIndex(where: \.isTrained) ?? blocks.count : 0
    let budget =
      activationBudget.map { ActivationBudget(bytes: $0) }
      ?? ActivationBudget(
        besideWeights: weights.reduce(0) { $0 + $1.storedBytes },
        areQuantized: weights.contains(where: \.isQuantized), memory: MachineMemory.bytes)
    return first..<first + budget.remadeBlocks(of: blocks[first...], rows: rows)
  }

  /// What enters each block, and the hidden states after the final norm: `blocks + 1` tensors `[rows, hidden]`.
  package func hiddenStates(_ batch: TokenRows) -> [Tensor] {
    let pass = ForwardPass(batch, caches: [])
    var states = [embedded(batch, pass)]
    for block in blocks { states.append(block(states[states.count - 1], pass)) }
    states[states.count - 1] = finalNorm(states[states.count - 1])
    return states
  }

  /// Logits of hidden states: `[rows, hidden]` gives `[rows, vocabulary]`.
  package func logits(_ hidden: Tensor) -> Tensor {
    let plain = head.map { $0(hidden) } ?? embedding.multiply(hidden)
    let scaled = spec.logitScale == 1 ? plain : plain * spec.logitScale
    return spec.logitSoftcap.map { (scaled * (1 / $0)).tanh() * $0 } ?? scaled
  }

  /// The cross-entropy of hidden states, summed over the rows with a label.
  ///
  /// Never holds the logits of all rows.
  /// - Parameters:
  ///   - hidden: `[rows, hidden]`
  ///   - labels: an id for each row, or a negative number where nothing is to be predicted.
  ///   - weights: a factor for each row's loss; 1 if absent.
  /// - Precondition: the head has no adapter.
  package func lossSum(_ hidden: Tensor, labels: [Int32], weights: [Float]? = nil) -> Tensor {
    precondition(head?.adapter == nil, "the loss reads the head's matrix and bias alone")
    let matrix: OutputHead =
      switch (head?.weight ?? embedding).value {
      case .stored(let stored): .frozen(stored)
      case .tensor(let tensor): .tensor(tensor)
      }
    return hidden.linearCrossEntropy(
      head: matrix, bias: head?.bias?.expanded, labels: labels, weights: weights, scale: spec.logitScale,
      softcap: spec.logitSoftcap
    ).loss
  }
}
