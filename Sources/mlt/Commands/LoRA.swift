// mlt lora: adapters or whole models, trained on rows of JSON. Parses and checks here; the training itself is
// FineTuning's.

import ArgumentParser
import FineTuning
import Models
import Registry
import SafeIO
import TensorCore

/// The `lora` command.
struct LoRA: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lora",
    abstract: "Fine-tune a model: low-rank adapters or all weights.",
    discussion: """
      Rows are JSON, one a line: {"messages": …, "tools": …}, {"prompt": …, "completion": …}, {"text": …}, or \
      {"input_ids": …, "labels": …} with -100 where nothing is learned. Rows of instruction, input and output, \
      ShareGPT's conversations, and one JSON array of rows are read too. A folder may hold train.jsonl, valid.jsonl \
      and test.jsonl. Each may be compressed by zstd (train.jsonl.zst). While it runs, --out has log.jsonl and checkpoints/; the adapter and its manifest appear at \
      the end. A run that was stopped goes on, to the same bytes, when the same command line is given again with \
      --resume.

      EXAMPLE
        mlt lora --model base --data train.jsonl --mask-prompt \\
          --rank 8 --iters 200 --learning-rate 2e-4 --out adapter
        mlt lora --model base --data folder --config settings.yaml \\
          --out adapter --resume
      """)

  @Option(help: "The model to start from; may be quantized.")
  var model: String

  @Option(help: "A file of rows, or a folder with train.jsonl and, if wanted, valid.jsonl and test.jsonl.")
  var data: String

  @Option(name: .shortAndLong, help: "The folder to write; it is complete when it has manifest.json.")
  var out: String

  @Flag(help: "Replace the folder if it exists.")
  var overwrite = false

  @Flag(help: "Continue the unfinished run in --out from its newest checkpoint; begin if there is none.")
  var resume = false

  @Option(help: "The adapter's file format: peft or mlx.")
  var adapterFormat = AdapterFormat.peft

  @Option(name: .shortAndLong, help: "A YAML file of the settings above, dashes as underscores; flags win.")
  var config: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Scripts and recipes that made the data or the run: the manifest names them with their digests.",
      valueName: "file"))
  var madeBy: [String] = []

  @Flag(help: "Show and log the peak memory and the number of allocations of each step.")
  var profileMemory = false

  @OptionGroup(title: "Settings") var settings: TrainingFlags

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if resume && overwrite { throw ValidationError("--resume and --overwrite contradict each other") }
  }

  func run() throws {
    let progress = common.start()
    let configuration = try TrainingConfiguration.read(file: config, flags: settings.given)
    try RunDirectory.checkFree(out, resume: resume, overwrite: overwrite)
    try OutputPlace.check(out, reading: [model, configuration.initAdapter])
    let job = try FineTuningJob(
      model: model, data: data, adapterFormat: adapterFormat, configuration: configuration, progress: progress
    )
    let inputs = try inputs(configuration)
    let named = try inputs + origins()
    let start = try RunDirectory.open(
      at: out, record: job.record(inputs: inputs.map { ($0.role, $0.digest) }), resume: resume,
      overwrite: overwrite)
    // Its lock is held to the end.
    defer { withExtendedLifetime(start) {} }
    let report = LoRAReport(common, configuration, showsMemory: profileMemory)
    let run = start.directory
    switch start {
    case .finished:
      report.nothingToDo(path: run.path)
    case .placed:
      try seal(run, job, named)
      report.nothingToDo(path: run.path)
    case .fresh, .resumed:
      report.begin(job)
      let trainer = try job.trainer(in: run, logsMemory: profileMemory)
      trainer.observer = report
      trainer.progress = progress
      let summary = try trainer.train()
      try seal(run, job, named)
      report.end(summary, job, path: run.path)
    }
  }

  /// What the result was made from.
  private func inputs(_ configuration: TrainingConfiguration) throws -> [ProvenanceInput] {
    var inputs = [try ProvenanceInput.path(role: "model", path: model)]
    for (role, path) in try TrainingData.files(at: data) {
      inputs.append(try .file(role: "data-\(role)", path: path))
    }
    if let start = configuration.initAdapter {
      inputs.append(try .directory(role: "init_adapter", path: start))
    }
    return inputs
  }

  /// Files that say how it was made; they don't change the result.
  private func origins() throws -> [ProvenanceInput] {
    let named = (config.map { [("config", $0)] } ?? []) + madeBy.map { ("made-by", $0) }
    return try named.map { role, path in
      try .file(role: role, path: path)
    }
  }

  /// Ends the run: its result is placed, the manifest closes it.
  private func seal(_ run: RunDirectory, _ job: FineTuningJob, _ inputs: [ProvenanceInput]) throws {
    try run.removeCheckpoints()
    guard let name = TreePath(RunDirectory.logFile) else { preconditionFailure("the log has a plain name") }
    let log = Byproduct(path: name, measurements: StepReport.measurements)
    let provenance = Provenance(
      command: "lora", arguments: ["adapter_format": .string(adapterFormat.rawValue)],
      inputs: inputs, settings: settings(job), seed: job.configuration.seed,
      instructionSet: InstructionSet.name, floatKernels: FloatProduct.libraryKernels,
      arithmetic: job.configuration.arithmetic.record, byproducts: [log])
    try Manifest.seal(run.path, provenance)
  }

  /// The settings as they were resolved, with the number of rows that they left out, if any.
  private func settings(_ job: FineTuningJob) -> JSON {
    guard var settings = job.configuration.record.objectValue, job.data.skippedRows > 0 else {
      return job.configuration.record
    }
    settings["skipped_rows"] = .integer(job.data.skippedRows)
    return .object(settings)
  }
}

extension AdapterFormat: ExpressibleByArgument {}
