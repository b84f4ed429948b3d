// How many blocks are computed again, in part, for the backward pass: as few as keep what is remembered within a budget.
// The bits of a gradient do not depend on it.

/// Bytes of activations that training may remember.
struct ActivationBudget {
  /// Bytes for all blocks together.
  let bytes: Int

  init(bytes: Int) { self.bytes = bytes }

  /// What the gradient may need beside frozen weights: 2900 MiB, with which a model of a billion weights computes two of
  /// its sixteen blocks again on 2048 tokens; less where weights are quantized, which one does for want of memory, so that
  /// the process takes half of what it takes with weights in bf16; and in any case no more than half of the memory that
  /// the weights leave.
  /// - Parameters:
  ///   - stored: bytes of the weights.
  ///   - memory: bytes of the machine.
  init(besideWeights stored: Int, areQuantized: Bool, memory: Int) {
    let wanted = areQuantized ? 512 << 20 + stored * 9 / 5 : 2900 << 20
    bytes = min(wanted, max(0, memory - stored) / 2)
  }

  /// Of `blocks` that are trained, how many must make their products again: the first ones, since the backward pass
  /// has freed what the last ones remember when it comes to them.
  func remadeBlocks(of blocks: ArraySlice<Block>, rows: Int) -> Int {
    var excess = blocks.reduce(-bytes) { $0 + 4 * rows * $1.rememberedWidth }
    var count = 0
    for block in blocks {
      guard excess > 0 else { return count }
      excess -= 4 * rows * (block.rememberedWidth - block.leastRememberedWidth)
      count += 1
    }
    return count
  }
}

extension Block {
  /// Floats that a row leaves in the block for the backward pass: the residual stream before the mixer and before the
  /// feed-forward part, and the parts of both.
  var rememberedWidth: Int {
    2 * mixer.output.outputs + mixer.rememberedWidth + (feedForward?.rememberedWidth ?? 0)
  }

  /// The same where products are made again: what enters the block, and what the mixer made.
  var leastRememberedWidth: Int { mixer.output.outputs + mixer.output.inputs }

  /// Whether anything in the block is trained.
  var isTrained: Bool {
    linears.contains { $0.adapter != nil } || weights.contains { $0.trained != nil }
  }
}
