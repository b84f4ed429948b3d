import FineTuning
import SafeIO
import TensorCore
import TestSupport
import Testing

/// What a configuration file and flags are read into, and what is said about wrong ones.
@Suite struct ConfigurationTests {
  private func read(_ yaml: String, flags: JSONObject = [:]) throws -> TrainingConfiguration {
    let scratch = try Scratch()
    return try TrainingConfiguration.read(file: scratch.write(yaml, "run.yaml"), flags: flags)
  }

  private func complaint(_ yaml: String, flags: JSONObject = [:]) throws -> Failure? {
    #expect(throws: Failure.self) { try read(yaml, flags: flags) }
  }

  @Test func `every key is read`() throws {
    let configuration = try read(
      """
      fine_tune_type: lora
      rank: 4
      alpha: 32
      use_rslora: true
      dropout: 0.05
      target_modules: [q_proj, v_proj]
      num_layers: 2
      init_adapter: start
      batch_size: 3
      grad_accumulation_steps: 5
      loss_normalization: micro-batch
      iters: 20
      learning_rate: 1e-3
      lr_schedule: cosine
      warmup_steps: 4
      optimizer: adam
      betas: [0.8, 0.95]
      eps: 1e-6
      weight_decay: 0.1
      max_grad_norm: 1.0
      max_seq_length: 64
      packing: true
      mask_prompt: true
      shuffle: false
      seed: 7
      grad_checkpoint: true
      dtype: bfloat16
      steps_per_report: 1
      steps_per_eval: 6
      val_batches: -1
      save_every: 9
      """)
    var expected = TrainingConfiguration()
    expected.rank = 4
    expected.alpha = 32
    expected.useRSLoRA = true
    expected.dropout = 0.05
    expected.targetModules = ["q_proj", "v_proj"]
    expected.numLayers = 2
    expected.initAdapter = "start"
    expected.batchSize = 3
    expected.gradAccumulationSteps = 5
    expected.lossNormalization = .microBatch
    expected.iters = 20
    expected.learningRate = 1e-3
    expected.lrSchedule = .cosine
    expected.warmupSteps = 4
    expected.optimizer = .adam
    expected.betas = [0.8, 0.95]
    expected.eps = 1e-6
    expected.weightDecay = 0.1
    expected.maxGradNorm = 1
    expected.maxSeqLength = 64
    expected.packing = true
    expected.maskPrompt = true
    expected.shuffle = false
    expected.seed = 7
    expected.gradCheckpoint = true
    expected.dtype = .bf16
    expected.stepsPerReport = 1
    expected.stepsPerEval = 6
    expected.valBatches = -1
    expected.saveEvery = 9
    #expect(configuration == expected)
  }

  @Test func `an empty file gives the defaults, and so does none`() throws {
    #expect(try read("# nothing\n") == TrainingConfiguration())
    #expect(try TrainingConfiguration.read(file: nil, flags: [:]) == TrainingConfiguration())
  }

  @Test func `a flag wins over the file`() throws {
    let configuration = try read("rank: 4\nbatch_size: 2\n", flags: ["rank": 16])
    #expect(configuration.rank == 16)
    #expect(configuration.batchSize == 2)
  }

  @Test func `a flag also displaces the key that says the same in another way`() throws {
    let epochs = try read("iters: 100\nalpha: 8\n", flags: ["epochs": 2.0, "scale": 4.0])
    #expect(epochs.iters == nil && epochs.epochs == 2)
    #expect(epochs.alpha == nil && epochs.scale == 4)
  }

  @Test func `mlx-lm's lora_parameters are understood`() throws {
    let configuration = try read(
      "lora_parameters:\n  rank: 8\n  scale: 20.0\n  dropout: 0.1\n  keys: [self_attn.q_proj]\n")
    #expect(configuration.rank == 8)
    #expect(configuration.scale == 20)
    #expect(configuration.dropout == 0.1)
    #expect(configuration.targetModules == ["self_attn.q_proj"])
  }

  @Test func `no clipping can be written as null or as 0`() throws {
    #expect(try read("max_grad_norm: null\n").maxGradNorm == nil)
    #expect(try read("max_grad_norm: 0\n").maxGradNorm == nil)
  }

  @Test func `an unknown key names the nearest known one`() throws {
    let failure = try #require(try complaint("learning_rat: 1e-4\n"))
    #expect(failure.kind == .badData)
    #expect(
      failure.message.hasSuffix("run.yaml: key 'learning_rat': is not known; did you mean 'learning_rate'?"))
  }

  @Test func `a wrong type names the key and what was found`() throws {
    let failure = try #require(try complaint("rank: eight\n"))
    #expect(failure.message.hasSuffix("run.yaml: key 'rank': expected an integer, found a string"))
  }

  @Test func `a word that is none of the choices lists them`() throws {
    let failure = try #require(try complaint("lr_schedule: exponential\n"))
    #expect(failure.message.hasSuffix("'exponential' is not one of constant, linear, cosine"))
  }

  @Test func `DoRA is refused in words`() throws {
    let failure = try #require(try complaint("fine_tune_type: dora\n"))
    #expect(failure.kind == .badData)
    #expect(failure.message.contains("run.yaml: key 'fine_tune_type': dora is not there yet"))
  }

  @Test(arguments: [
    "rank: 0", "alpha: 0", "dropout: 1", "target_modules: []", "num_layers: 0", "batch_size: 0", "iters: 0",
    "epochs: 0", "learning_rate: -1", "betas: [0.9, 1]", "eps: 0", "weight_decay: -0.1", "max_grad_norm: -1",
    "max_seq_length: 1", "val_batches: -2", "save_every: 0", "steps_per_eval: 0", "warmup_steps: -1",
    "batch_size: 9223372036854775807", "batch_size: 65537", "grad_accumulation_steps: 65537",
    "max_seq_length: 9223372036854775807", "iters: 9223372036854775807", "val_batches: 9223372036854775807",
    "alpha: 8\nscale: 2", "iters: 3\nepochs: 1", "fine_tune_type: full\nrank: 8",
  ])
  func `a value out of range names the file and the key, or the key alone when it is a flag`(
    yaml: String
  ) throws {
    let key = yaml.split(separator: "\n").last?.prefix { $0 != ":" } ?? ""
    let inFile = try #require(try complaint(yaml))
    #expect(inFile.kind == .badData)
    #expect(inFile.message.contains("/run.yaml: ") && inFile.message.contains(" must be "))
    #expect(inFile.message.contains(key))
    let values = try #require(try JSON.parseYAML(yaml, source: "flags").objectValue)
    let flag = try #require(try complaint("seed: 1\n", flags: values))
    #expect(flag.kind == .usage)
    #expect(!flag.message.contains("/run.yaml") && flag.message.contains(key))
  }

  @Test func `a flag stands in for the file's own value, wrong or not`() throws {
    #expect(try read("rank: 0\n", flags: ["rank": 8]).rank == 8)
    #expect(try read("fine_tune_type: full\nrank: 4\n", flags: ["fine_tune_type": "lora"]).rank == 4)
  }

  @Test func `a flag that does not go with the file is the one at fault`() throws {
    let failure = try #require(try complaint("fine_tune_type: full\n", flags: ["rank": 4]))
    #expect(failure.kind == .usage)
    #expect(failure.message.contains("fine_tune_type must be lora when rank"))
  }

  @Test func `what is recorded reads back as the same configuration`() throws {
    let configuration = try read(
      "rank: 4\nscale: 2.5\ndtype: float16\nmax_grad_norm: 1\nepochs: 3\ntarget_modules: all-linear\n")
    let again = try TrainingConfiguration(Fields(configuration.record, source: "record"))
    #expect(again.record == configuration.record)
    #expect(again.scale == 2.5 && again.epochs == 3 && again.dtype == .f16)
    #expect(configuration.record.objectValue?.keys == TrainingConfiguration.keys)
  }
}

/// The documentation of the settings.
@Suite struct ConfigurationDocumentationTests {
  @Test func `the documented settings are all keys with their defaults`() throws {
    let text = try Files.readText(path: "\(Shared.repository)/docs/fine-tuning.md")
    let yaml = try #require(
      text.split(separator: "```yaml\n").dropFirst().first?.split(separator: "```").first)
    let documented = try #require(try JSON.parseYAML(String(yaml), source: "documentation").objectValue)
    #expect(documented.keys == TrainingConfiguration.keys)
    let configuration = try TrainingConfiguration(Fields(.object(documented), source: "documentation"))
    #expect(configuration == TrainingConfiguration())
  }
}
