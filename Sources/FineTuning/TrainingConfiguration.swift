// What a fine-tuning run does: every knob with its default. How the knobs are read from a file and from flags lies
// in `TrainingConfiguration+Reading.swift`; what they mean is said here, once.

import SafeIO
import TensorCore

/// The settings of a fine-tuning run; in files and flags they are spelled with underscores and dashes (`batch_size`).
///
/// Settings that a start adapter can also decide (rank, scaling, targets) are optional: nil means "as the start
/// adapter says, else the default", see `LoRASettings`.
package struct TrainingConfiguration: Sendable, Equatable {
  /// Which weights are trained.
  package enum FineTuneType: String, Sendable, CaseIterable {
    case lora
    case full
  }

  /// What the loss of an optimizer step is divided by.
  package enum LossNormalization: String, Sendable, CaseIterable {
    /// One sum over all trained tokens of the step, divided by their number.
    case tokens
    /// The mean over the micro batches of each one's mean.
    case microBatch = "micro-batch"
  }

  package var fineTuneType = FineTuneType.lora
  package var rank: Int?
  /// The numerator of the LoRA scale: `alpha / rank`, or `alpha / sqrt(rank)` with `useRSLoRA`.
  package var alpha: Double?
  /// The LoRA scale itself, as in mlx-lm; excludes `alpha`.
  package var scale: Double?
  package var useRSLoRA: Bool?
  package var dropout: Double?
  /// Ends of the paths of the adapted linears; `["all-linear"]` is every linear inside the blocks.
  package var targetModules: [String]?
  /// How many blocks are trained, counted from the last; nil or -1 is all.
  package var numLayers: Int?
  /// A folder whose adapter weights are the start.
  package var initAdapter: String?

  package var batchSize = 4
  package var gradAccumulationSteps = 1
  package var lossNormalization = LossNormalization.tokens
  /// Optimizer steps; nil when `epochs` decides.
  package var iters: Int? = 1000
  /// Passes over the rows, instead of `iters`.
  package var epochs: Double?

  package var learningRate = 1e-4
  package var lrSchedule = LearningRateSchedule.Kind.constant
  package var warmupSteps = 0
  package var optimizer = OptimizerSettings.Kind.adamw
  package var betas = [0.9, 0.999]
  package var eps = 1e-8
  /// nil is the optimizer's own default: 0.01 for adamw, 0 otherwise.
  package var weightDecay: Double?
  /// Gradients are scaled down to this norm; nil leaves them alone.
  package var maxGradNorm: Double?

  package var maxSeqLength = 2048
  package var packing = false
  package var maskPrompt = false
  package var shuffle = true
  package var seed = 0
  package var gradCheckpoint = false
  /// The type the result is stored in; nil is f32 for an adapter, the base's own type for full fine-tuning.
  ///
  /// Where it is given as f32, the frozen weights are computed with exactly too.
  package var dtype: DType?

  package var stepsPerReport = 10
  package var stepsPerEval = 200
  /// Batches of one validation; -1 is all of them.
  package var valBatches = 25
  package var saveEvery = 100

  package init() {}

  /// How products with the frozen weights round.
  package var arithmetic: Arithmetic { dtype == .f32 ? .exact : .sixteenBit }

  /// The optimizer's settings.
  package var optimizerSettings: OptimizerSettings {
    OptimizerSettings(
      kind: optimizer, beta1: betas[0], beta2: betas[1], epsilon: eps,
      weightDecay: weightDecay ?? (optimizer == .adamw ? 0.01 : 0))
  }
}
