// The configuration written out in full, defaults included: what a run records, what a resumed run is compared
// with, and what the manifest keeps.

import Models
import SafeIO

extension TrainingConfiguration {
  /// Every key with the value in force; what is not set is null.
  package var record: JSON {
    let values: [String: JSON] = [
      "fine_tune_type": .string(fineTuneType.rawValue),
      "rank": .optional(rank),
      "alpha": .optional(alpha),
      "scale": .optional(scale),
      "use_rslora": useRSLoRA.map { .bool($0) } ?? .null,
      "dropout": .optional(dropout),
      "target_modules": targetModules.map { .array($0.map(JSON.string)) } ?? .null,
      "num_layers": .optional(numLayers),
      "init_adapter": initAdapter.map { .string(Files.name(of: $0)) } ?? .null,
      "batch_size": .integer(batchSize),
      "grad_accumulation_steps": .integer(gradAccumulationSteps),
      "loss_normalization": .string(lossNormalization.rawValue),
      "iters": .optional(iters),
      "epochs": .optional(epochs),
      "learning_rate": .double(learningRate),
      "lr_schedule": .string(lrSchedule.rawValue),
      "warmup_steps": .integer(warmupSteps),
      "optimizer": .string(optimizer.rawValue),
      "betas": .array(betas.map(JSON.double)),
      "eps": .double(eps),
      "weight_decay": .double(optimizerSettings.weightDecay),
      "max_grad_norm": .optional(maxGradNorm),
      "max_seq_length": .integer(maxSeqLength),
      "packing": .bool(packing),
      "mask_prompt": .bool(maskPrompt),
      "shuffle": .bool(shuffle),
      "seed": .integer(seed),
      "grad_checkpoint": .bool(gradCheckpoint),
      "dtype": dtype.map { .string($0.configName) } ?? .null,
      "steps_per_report": .integer(stepsPerReport),
      "steps_per_eval": .integer(stepsPerEval),
      "val_batches": .integer(valBatches),
      "save_every": .integer(saveEvery),
    ]
    var object = JSONObject()
    for key in Self.keys { object[key] = values[key] ?? .null }
    return .object(object)
  }
}

extension JSON {
  fileprivate static func optional(_ value: Int?) -> JSON { value.map { .integer($0) } ?? .null }
  fileprivate static func optional(_ value: Double?) -> JSON { value.map { .double($0) } ?? .null }
}
