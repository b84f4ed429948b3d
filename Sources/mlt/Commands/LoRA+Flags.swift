// The settings of `mlt lora` as flags: the keys of its configuration file with dashes. What each means, its default
// and its range are FineTuning's; a flag that was not given is nil here.

import ArgumentParser
import SafeIO

/// The flags of a fine-tuning configuration.
struct TrainingFlags: ParsableArguments {
  @Option(help: "lora (default), or full for all weights.")
  var fineTuneType: String?
  @Option(help: "Rank of the adapters. Default: 8.")
  var rank: Int?
  @Option(help: "Scales the adapter by alpha / rank. Default: twice the rank.")
  var alpha: Double?
  @Option(help: "The scale itself, in place of alpha, as in mlx-lm.")
  var scale: Double?
  @Flag(inversion: .prefixedNo, help: "Scale by alpha / sqrt(rank).")
  var useRslora: Bool?
  @Option(help: "Probability of zeroing an adapter's input while training. Default: 0.")
  var dropout: Double?
  @Option(
    help: "Ends of the adapted linears' paths, with commas, such as q_proj,v_proj. Default: all-linear.")
  var targetModules: String?
  @Option(parsing: .unconditional, help: "Train the last so many blocks; -1 for all. Default: -1.")
  var numLayers: Int?
  @Option(help: "Start from the adapter in this folder.")
  var initAdapter: String?
  @Option(help: "Rows of a batch. Default: 4.")
  var batchSize: Int?
  @Option(help: "Batches of an optimizer step. Default: 1.")
  var gradAccumulationSteps: Int?
  @Option(
    help: "tokens: a step's mean over its tokens (default); micro-batch: the mean of its batches' means.")
  var lossNormalization: String?
  @Option(help: "Optimizer steps. Default: 1000.")
  var iters: Int?
  @Option(help: "Passes over the data, in place of iters.")
  var epochs: Double?
  @Option(help: "The peak learning rate. Default: 1e-4.")
  var learningRate: Double?
  @Option(help: "constant (default), linear or cosine.")
  var lrSchedule: String?
  @Option(help: "Steps in which the rate rises from 0. Default: 0.")
  var warmupSteps: Int?
  @Option(help: "adamw (default), adam or sgd.")
  var optimizer: String?
  @Option(help: "Two numbers with a comma. Default: 0.9,0.999.")
  var betas: String?
  @Option(help: "Default: 1e-8.")
  var eps: Double?
  @Option(help: "Default: 0.01 for adamw, else 0.")
  var weightDecay: Double?
  @Option(help: "Scale gradients down to this norm; 0 for no clipping. Default: 0.")
  var maxGradNorm: Double?
  @Option(help: "Longer rows are cut, in tokens. Default: 2048.")
  var maxSeqLength: Int?
  @Flag(inversion: .prefixedNo, help: "Fill batches up to batch-size · max-seq-length tokens.")
  var packing: Bool?
  @Flag(inversion: .prefixedNo, help: "Learn completions and assistant turns only.")
  var maskPrompt: Bool?
  @Flag(inversion: .prefixedNo, help: "A new order of rows each epoch. Default: on.")
  var shuffle: Bool?
  @Option(help: "Decides initial factors, order and dropout. Default: 0.")
  var seed: Int?
  @Flag(inversion: .prefixedNo, help: "Recompute blocks in the backward pass: less memory, more time.")
  var gradCheckpoint: Bool?
  @Option(
    help: ArgumentHelp(
      "Stored type of the result: float32, bfloat16, float16. Default: float32; full: the model's. Given as float32, "
        + "products with frozen weights are f32 too."))
  var dtype: String?
  @Option(help: "Print a line every so many steps. Default: 10.")
  var stepsPerReport: Int?
  @Option(help: "Validate every so many steps. Default: 200.")
  var stepsPerEval: Int?
  @Option(parsing: .unconditional, help: "Batches of a validation; -1 for all. Default: 25.")
  var valBatches: Int?
  @Option(help: "Write a checkpoint every so many steps. Default: 100.")
  var saveEvery: Int?

  /// The flags that were given, under the keys of the configuration.
  var given: JSONObject {
    get throws {
      var object = JSONObject()
      object["fine_tune_type"] = fineTuneType.map { .string($0) }
      object["rank"] = rank.map { .integer($0) }
      object["alpha"] = alpha.map { .double($0) }
      object["scale"] = scale.map { .double($0) }
      object["use_rslora"] = useRslora.map { .bool($0) }
      object["dropout"] = dropout.map { .double($0) }
      object["target_modules"] = targetModules.map { names in
        .array(names.split(separator: ",").map { .string(String($0)) })
      }
      object["num_layers"] = numLayers.map { .integer($0) }
      object["init_adapter"] = initAdapter.map { .string($0) }
      object["batch_size"] = batchSize.map { .integer($0) }
      object["grad_accumulation_steps"] = gradAccumulationSteps.map { .integer($0) }
      object["loss_normalization"] = lossNormalization.map { .string($0) }
      object["iters"] = iters.map { .integer($0) }
      object["epochs"] = epochs.map { .double($0) }
      object["learning_rate"] = learningRate.map { .double($0) }
      object["lr_schedule"] = lrSchedule.map { .string($0) }
      object["warmup_steps"] = warmupSteps.map { .integer($0) }
      object["optimizer"] = optimizer.map { .string($0) }
      object["betas"] = try betas.map(pair)
      object["eps"] = eps.map { .double($0) }
      object["weight_decay"] = weightDecay.map { .double($0) }
      object["max_grad_norm"] = maxGradNorm.map { .double($0) }
      object["max_seq_length"] = maxSeqLength.map { .integer($0) }
      object["packing"] = packing.map { .bool($0) }
      object["mask_prompt"] = maskPrompt.map { .bool($0) }
      object["shuffle"] = shuffle.map { .bool($0) }
      object["seed"] = seed.map { .integer($0) }
      object["grad_checkpoint"] = gradCheckpoint.map { .bool($0) }
      object["dtype"] = dtype.map { .string($0) }
      object["steps_per_report"] = stepsPerReport.map { .integer($0) }
      object["steps_per_eval"] = stepsPerEval.map { .integer($0) }
      object["val_batches"] = valBatches.map { .integer($0) }
      object["save_every"] = saveEvery.map { .integer($0) }
      return object
    }
  }

  private func pair(_ text: String) throws -> JSON {
    let numbers = text.split(separator: ",").compactMap { Double($0.trimmingPrefix(" ")) }
    guard numbers.count == 2 else {
      throw Failure.usage("--betas: expected two numbers such as 0.9,0.999, found '\(text)'")
    }
    return .array(numbers.map(JSON.double))
  }
}
