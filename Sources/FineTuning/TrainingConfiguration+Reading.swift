// The configuration as text: the keys of a YAML file and of the flags, how both come together, and the checks of
// every range. One table of keys serves the reader, the writer and the "did you mean" of a misspelt key.

import Models
import SafeIO
import TensorCore

extension TrainingConfiguration {
  /// Every key, in the order of the documentation.
  package static let keys = [
    "fine_tune_type", "rank", "alpha", "scale", "use_rslora", "dropout", "target_modules", "num_layers",
    "init_adapter", "batch_size", "grad_accumulation_steps", "loss_normalization", "iters", "epochs",
    "learning_rate", "lr_schedule", "warmup_steps", "optimizer", "betas", "eps", "weight_decay",
    "max_grad_norm", "max_seq_length", "packing", "mask_prompt", "shuffle", "seed", "grad_checkpoint",
    "dtype",
    "steps_per_report", "steps_per_eval", "val_batches", "save_every",
  ]

  /// Most rows of a batch, and most batches of a step; with `mostTokens` and `mostSteps` it keeps products in range.
  private static let mostRows = 1 << 16
  /// Most optimizer steps, and most batches of a validation.
  private static let mostSteps = 1_000_000_000
  /// Most tokens of a row: as many as the longest context that a model can have.
  private static let mostTokens = 1 << 30

  /// Keys of mlx-lm's configuration that say what is read and written.
  private static let flagsOfMLX = [
    ("model", "--model"), ("data", "--data"), ("adapter_path", "--out"),
    ("train", "what mlt lora does, nothing"),
    ("resume_adapter_file", "--init-adapter"),
  ]

  private static let flagsSource = "flags"

  /// The types that results can be stored in.
  private static let dtypes: [DType] = [.f32, .bf16, .f16]

  /// Reads a configuration file and lays the flags over it.
  ///
  /// - Parameters:
  ///   - file: a YAML file, nil for none.
  ///   - flags: values under the same keys; each wins over the file's.
  /// - Throws: `Failure.badData` that names the file for what is wrong in it, `Failure.usage` for a wrong flag.
  package static func read(file: String?, flags: JSONObject) throws(Failure) -> TrainingConfiguration {
    var settings = JSONObject()
    if let file {
      let yaml = try JSON.readYAML(path: file)
      if !yaml.isNull { settings = try flattened(Fields(yaml, source: file)) }
      for key in flags.keys { settings.removeValue(forKey: key) }
      for (one, other) in [("iters", "epochs"), ("alpha", "scale")] {
        if flags[one] != nil { settings.removeValue(forKey: other) }
        if flags[other] != nil { settings.removeValue(forKey: one) }
      }
      // On its own first: what is wrong after that is a flag, or one that does not go with the file.
      _ = try TrainingConfiguration(Fields(.object(settings), source: file))
    }
    for (key, value) in flags { settings[key] = value }
    do {
      return try TrainingConfiguration(Fields(.object(settings), source: Self.flagsSource))
    } catch {
      // No file is to blame.
      throw .usage(error.message.replacing("\(Self.flagsSource): ", with: "", maxReplacements: 1))
    }
  }

  /// Reads the keys of one object and checks every range.
  ///
  /// - Throws: `Failure.badData` that names the object's source.
  package init(_ fields: Fields) throws(Failure) {
    for (key, flag) in Self.flagsOfMLX where fields.has(key) {
      throw fields.complaint(key, "is no setting here but \(flag) on the command line; remove it")
    }
    try fields.rejectUnknown(known: Self.keys)
    try readAdapter(fields)
    try readSteps(fields)
    try readOptimization(fields)
    try readData(fields)
    try check(source: fields.source)
  }

  private mutating func readAdapter(_ fields: Fields) throws(Failure) {
    if try fields.optionalString("fine_tune_type") == "dora" {
      throw fields.complaint(
        "fine_tune_type", "dora is not there yet; use lora, with use_rslora for high ranks, or full")
    }
    fineTuneType = try fields.choice("fine_tune_type", default: fineTuneType)
    rank = try fields.optionalInt("rank")
    alpha = try fields.optionalDouble("alpha")
    scale = try fields.optionalDouble("scale")
    useRSLoRA = try fields.optionalBool("use_rslora")
    dropout = try fields.optionalDouble("dropout")
    if let name = fields.object["target_modules"]?.stringValue {
      targetModules = [name]
    } else {
      targetModules = try fields.optionalStrings("target_modules")
    }
    numLayers = try fields.optionalInt("num_layers")
    initAdapter = try fields.optionalString("init_adapter")
  }

  private mutating func readSteps(_ fields: Fields) throws(Failure) {
    batchSize = try fields.int("batch_size", default: batchSize)
    gradAccumulationSteps = try fields.int("grad_accumulation_steps", default: gradAccumulationSteps)
    lossNormalization = try fields.choice("loss_normalization", default: lossNormalization)
    epochs = try fields.optionalDouble("epochs")
    iters = try fields.optionalInt("iters") ?? (epochs == nil ? iters : nil)
    stepsPerReport = try fields.int("steps_per_report", default: stepsPerReport)
    stepsPerEval = try fields.int("steps_per_eval", default: stepsPerEval)
    valBatches = try fields.int("val_batches", default: valBatches)
    saveEvery = try fields.int("save_every", default: saveEvery)
  }

  private mutating func readOptimization(_ fields: Fields) throws(Failure) {
    learningRate = try fields.double("learning_rate", default: learningRate)
    lrSchedule = try fields.choice("lr_schedule", default: lrSchedule)
    warmupSteps = try fields.int("warmup_steps", default: warmupSteps)
    optimizer = try fields.choice("optimizer", default: optimizer)
    if let values = try fields.optionalArray("betas") {
      betas = values.compactMap(\.doubleValue)
      guard betas.count == 2 && values.count == 2 else {
        throw fields.complaint("betas", "expected two numbers such as [0.9, 0.999]")
      }
    }
    eps = try fields.double("eps", default: eps)
    weightDecay = try fields.optionalDouble("weight_decay")
    maxGradNorm = try fields.optionalDouble("max_grad_norm").flatMap { $0 == 0 ? nil : $0 }
    gradCheckpoint = try fields.bool("grad_checkpoint", default: gradCheckpoint)
  }

  private mutating func readData(_ fields: Fields) throws(Failure) {
    maxSeqLength = try fields.int("max_seq_length", default: maxSeqLength)
    packing = try fields.bool("packing", default: packing)
    maskPrompt = try fields.bool("mask_prompt", default: maskPrompt)
    shuffle = try fields.bool("shuffle", default: shuffle)
    seed = try fields.int("seed", default: seed)
    if let name = try fields.optionalString("dtype") {
      guard let type = Self.dtypes.first(where: { $0.configName == name }) else {
        throw fields.complaint("dtype", "expected float32, bfloat16 or float16, found '\(name)'")
      }
      dtype = type
    }
  }

  /// mlx-lm's `lora_parameters: {rank, scale, dropout, keys}` as keys of its own, so that its files can be read.
  private static func flattened(_ fields: Fields) throws(Failure) -> JSONObject {
    var object = fields.object
    guard let parameters = try fields.optionalFields("lora_parameters") else { return object }
    try parameters.rejectUnknown(known: ["rank", "scale", "dropout", "keys"])
    object.removeValue(forKey: "lora_parameters")
    for (name, value) in parameters.object {
      let key = name == "keys" ? "target_modules" : name
      guard object[key] == nil else {
        throw fields.complaint(key, "stands at the top and in lora_parameters; keep one of them")
      }
      object[key] = value
    }
    return object
  }

  /// Every range, in words that name the key.
  private func check(source: String) throws(Failure) {
    func require(_ holds: Bool, _ key: String, _ range: String) throws(Failure) {
      guard holds else { throw .badData(source, "\(key) must be \(range)") }
    }
    try require(rank.map { (1...65_536).contains($0) } ?? true, "rank", "from 1 to 65536")
    try require(alpha.map { $0 > 0 } ?? true, "alpha", "above 0")
    try require(scale.map { $0 > 0 } ?? true, "scale", "above 0")
    try require(alpha == nil || scale == nil, "scale", "left out when alpha is given: both say the same")
    try require(dropout.map { (0..<1).contains($0) } ?? true, "dropout", "at least 0 and below 1")
    try require(
      targetModules.map { !$0.isEmpty } ?? true, "target_modules", "at least one name, or all-linear")
    try require(numLayers.map { $0 == -1 || $0 >= 1 } ?? true, "num_layers", "at least 1, or -1 for all")
    try require((1...Self.mostRows).contains(batchSize), "batch_size", "from 1 to \(Self.mostRows)")
    try require(
      (1...Self.mostRows).contains(gradAccumulationSteps), "grad_accumulation_steps",
      "from 1 to \(Self.mostRows)")
    try require(iters == nil || epochs == nil, "epochs", "left out when iters is given: both say how long")
    try require(
      iters.map { (1...Self.mostSteps).contains($0) } ?? true, "iters", "from 1 to \(Self.mostSteps)")
    try require(epochs.map { $0 > 0 && $0 <= 1e6 } ?? true, "epochs", "above 0 and at most 1000000")
    try require(learningRate >= 0 && learningRate.isFinite, "learning_rate", "0 or more")
    try require(warmupSteps >= 0, "warmup_steps", "0 or more")
    try require(betas.allSatisfy { (0..<1).contains($0) }, "betas", "at least 0 and below 1")
    try require(eps > 0, "eps", "above 0")
    try require(weightDecay.map { $0 >= 0 } ?? true, "weight_decay", "0 or more")
    try require(maxGradNorm.map { $0 > 0 } ?? true, "max_grad_norm", "above 0, or 0 for no clipping")
    try require(
      (2...Self.mostTokens).contains(maxSeqLength), "max_seq_length", "from 2 to \(Self.mostTokens)")
    try require(stepsPerReport >= 1, "steps_per_report", "at least 1")
    try require(stepsPerEval >= 1, "steps_per_eval", "at least 1")
    try require(
      (-1...Self.mostSteps).contains(valBatches), "val_batches", "from 0 to \(Self.mostSteps), or -1 for all")
    try require(saveEvery >= 1, "save_every", "at least 1")
    try require(
      fineTuneType == .lora
        || [
          rank.map(JSON.integer), alpha.map(JSON.double), scale.map(JSON.double),
          initAdapter.map(JSON.string),
        ]
        .allSatisfy { $0 == nil } && targetModules == nil,
      "fine_tune_type", "lora when rank, alpha, scale, target_modules or init_adapter are given")
  }
}

extension Fields {
  /// One of a fixed set of words.
  fileprivate func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, default value: Choice
  ) throws(Failure) -> Choice where Choice.RawValue == String {
    guard let word = try optionalString(key) else { return value }
    guard let choice = Choice(rawValue: word) else {
      let known = Choice.allCases.map(\.rawValue)
      throw complaint(key, "'\(word)' is not one of \(known.joined(separator: ", "))")
    }
    return choice
  }
}
