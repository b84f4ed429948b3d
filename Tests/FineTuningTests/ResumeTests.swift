// A run that was stopped anywhere and goes on ends with the bytes of a run that never stopped.

import FineTuning
import SafeIO
import TestSupport
import Testing

@Suite struct ResumeTests {
  /// Twelve steps with everything that could depend on what came before: dropout, shuffling, accumulation, a schedule.
  private func configuration(_ golden: TrainingGolden) throws -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    configuration.rank = 4
    configuration.dropout = 0.1
    configuration.batchSize = 2
    configuration.gradAccumulationSteps = 2
    configuration.iters = 12
    configuration.lrSchedule = .cosine
    configuration.warmupSteps = 2
    configuration.learningRate = 3e-3
    configuration.saveEvery = 4
    configuration.stepsPerEval = 5
    configuration.maxGradNorm = 1
    return configuration
  }

  /// Copies the run's folder after a step, as it would lie there if the process had died then.
  private final class Photographer: TrainingObserver {
    let folder: String
    let target: String
    let step: Int

    init(folder: String, target: String, step: Int) {
      self.folder = folder
      self.target = target
      self.step = step
    }

    func step(_ report: StepReport, of total: Int) {
      if report.step == step { try? copy(folder, target) }
    }

    func evaluation(_ report: EvaluationReport) {}

    private func copy(_ source: String, _ target: String) throws {
      try Files.makeDirectory(target)
      for name in try Files.list(source) {
        if Files.isDirectory("\(source)/\(name)") {
          try copy("\(source)/\(name)", "\(target)/\(name)")
        } else {
          try Files.copy(from: "\(source)/\(name)", to: "\(target)/\(name)")
        }
      }
    }
  }

  @Test(arguments: [0, 2, 3, 4, 7, 10, 11])
  func `a run stopped in step n ends the same when resumed`(step: Int) throws {
    let golden = try TrainingGolden("tiny-qwen2-lora")
    let scratch = try Scratch()
    let data = "\(scratch.path)/data"
    try Files.makeDirectory(data)
    for name in ["data/train.jsonl", "data/valid.jsonl"] { _ = try golden.writeRows(scratch, name: name) }
    let (whole, half) = ("\(scratch.path)/whole", "\(scratch.path)/half")
    let photographer = Photographer(folder: whole, target: half, step: step)
    let configuration = try configuration(golden)
    try trained(model: golden.basePath, data: data, configuration, out: whole, observer: photographer)
    #expect(!Files.exists("\(half)/adapter_config.json"))
    try trained(model: golden.basePath, data: data, configuration, out: half, resume: true)
    for file in ["adapter_model.safetensors", "adapter_config.json", "run.json"] {
      #expect(try Files.read(path: "\(half)/\(file)") == Files.read(path: "\(whole)/\(file)"), "\(file)")
    }
    func measures(_ folder: String) throws -> [[JSON?]] {
      try Files.readText(path: "\(folder)/log.jsonl").split(separator: "\n").map { line in
        let json = try JSON.parse(String(line), source: "log")
        return ["step", "loss", "grad_norm", "trained_tokens", "val_loss"].map { json[$0] }
      }
    }
    #expect(try measures(half) == measures(whole))
  }

  @Test func `a torn last line of the log is dropped`() throws {
    let scratch = try Scratch()
    let path = try scratch.write("{\"step\": 0, \"loss\": 1.5}\n{\"step\": 1, \"lo", "log.jsonl")
    let log = try TrainingLog(path: path, keepingStepsBefore: 5)
    try log.append(["step": 1, "loss": 2.5])
    #expect(try Files.readText(path: path) == "{\"step\": 0, \"loss\": 1.5}\n{\"step\": 1, \"loss\": 2.5}\n")
  }

  @Test func `only the newest checkpoints are kept`() throws {
    let golden = try TrainingGolden("tiny-qwen2-lora")
    let scratch = try Scratch()
    var settings = try configuration(golden)
    settings.saveEvery = 2
    let out = "\(scratch.path)/out"
    let photographer = Photographer(folder: out, target: "\(scratch.path)/photo", step: 11)
    try trained(
      model: golden.basePath, data: golden.writeRows(scratch), settings, out: out, observer: photographer)
    #expect(
      try Files.list("\(scratch.path)/photo/checkpoints") == ["step-000006", "step-000008", "step-000010"])
  }

  @Test func `a checkpoint is an adapter of its own`() throws {
    let golden = try TrainingGolden("tiny-qwen2-lora")
    let scratch = try Scratch()
    let out = "\(scratch.path)/out"
    let photographer = Photographer(folder: out, target: "\(scratch.path)/photo", step: 5)
    let settings = try configuration(golden)
    try trained(
      model: golden.basePath, data: golden.writeRows(scratch), settings, out: out, observer: photographer)
    let adapter = try AdapterFiles.read(directory: "\(scratch.path)/photo/checkpoints/step-000004")
    #expect(adapter.settings.rank == 4)
  }
}

@Suite struct RunDirectoryTests {
  private let record: JSON = ["configuration": ["rank": 8, "seed": 1], "inputs": ["model": "a"]]

  @Test func `a folder is begun, found unfinished, resumed, and found finished`() throws {
    let scratch = try Scratch()
    let out = "\(scratch.path)/out"
    guard case .fresh = try RunDirectory.open(at: out, record: record, resume: true, overwrite: false) else {
      Issue.record("nothing was there to resume")
      return
    }
    let unfinished = #expect(throws: Failure.self) {
      try RunDirectory.open(at: out, record: record, resume: false, overwrite: false)
    }
    #expect(unfinished?.kind == .usage)
    #expect(unfinished?.message.contains("unfinished run; --resume continues it") ?? false)
    guard case .resumed = try RunDirectory.open(at: out, record: record, resume: true, overwrite: false)
    else {
      Issue.record("an unfinished run was there")
      return
    }
    try scratch.write("{}", "out/adapter_config.json")
    guard case .placed = try RunDirectory.open(at: out, record: record, resume: true, overwrite: false) else {
      Issue.record("the result was there, and no manifest")
      return
    }
    try scratch.write("{}", "out/manifest.json")
    guard case .finished = try RunDirectory.open(at: out, record: record, resume: true, overwrite: false)
    else {
      Issue.record("a finished run was there")
      return
    }
    let finished = #expect(throws: Failure.self) {
      try RunDirectory.open(at: out, record: record, resume: false, overwrite: false)
    }
    #expect(finished?.message.contains("exists already") ?? false)
    guard case .fresh = try RunDirectory.open(at: out, record: record, resume: false, overwrite: true) else {
      Issue.record("overwriting begins anew")
      return
    }
    #expect(try Files.list(out) == ["run.json"])
  }

  @Test(arguments: [(false, false), (true, false), (false, true)])
  func `a folder that is being trained into is left alone until that ends`(resume: Bool, overwrite: Bool)
    throws
  {
    let scratch = try Scratch()
    let out = "\(scratch.path)/out"
    func open() throws -> RunDirectory.Start {
      try RunDirectory.open(at: out, record: record, resume: resume, overwrite: overwrite)
    }
    let first = try RunDirectory.open(at: out, record: record, resume: false, overwrite: false)
    try withExtendedLifetime(first) {
      let failure = #expect(throws: Failure.self) { try open() }
      #expect(failure?.kind == .usage)
      #expect(failure?.message.contains("another process is training into \(out)") ?? false)
      #expect(throws: Failure.self) {
        try RunDirectory.checkFree(out, resume: resume, overwrite: overwrite)
      }
      try scratch.write("{}", "out/manifest.json")
      #expect(throws: Never.self) { try RunDirectory.checkFree(out, resume: true, overwrite: false) }
    }
  }

  @Test func `the lock of a run that has ended holds no one back`() throws {
    let scratch = try Scratch()
    let out = "\(scratch.path)/out"
    for resume in [false, true, true] {
      _ = try RunDirectory.open(at: out, record: record, resume: resume, overwrite: false)
    }
  }

  @Test func `a run with other settings or inputs is not resumed, and the difference is named`() throws {
    let scratch = try Scratch()
    let out = "\(scratch.path)/out"
    _ = try RunDirectory.open(at: out, record: record, resume: false, overwrite: false)
    let other: JSON = ["configuration": ["rank": 16, "seed": 1], "inputs": ["model": "b"]]
    let failure = #expect(throws: Failure.self) {
      try RunDirectory.open(at: out, record: other, resume: true, overwrite: false)
    }
    #expect(failure?.kind == .usage)
    #expect(failure?.message.contains("rank was 8 and is 16, and 1 more") ?? false)
  }

  @Test func `a folder that is no run is never taken`() throws {
    let scratch = try Scratch()
    try scratch.write("precious", "out/file")
    for resume in [false, true] {
      #expect(throws: Failure.self) {
        try RunDirectory.open(at: "\(scratch.path)/out", record: record, resume: resume, overwrite: false)
      }
    }
    #expect(try Files.list("\(scratch.path)/out") == ["file"])
  }

  @Test func `the file that loaders look for is placed last`() throws {
    let scratch = try Scratch()
    let out = "\(scratch.path)/out"
    let run = try RunDirectory.open(at: out, record: record, resume: false, overwrite: false).directory
    #expect(throws: Failure.self) {
      try run.place { staging in
        try Files.writeAtomically("{}", to: "\(staging)/adapter_config.json")
        throw Failure.fault("stopped here")
      }
    }
    #expect(!Files.exists("\(out)/adapter_config.json"))
    try run.place { staging in
      try Files.writeAtomically("{}", to: "\(staging)/adapter_config.json")
      try Files.writeAtomically("weights", to: "\(staging)/adapter_model.safetensors")
    }
    #expect(try Files.list(out) == ["adapter_config.json", "adapter_model.safetensors", "run.json"])
  }
}
