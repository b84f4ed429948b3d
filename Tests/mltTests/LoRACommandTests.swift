// mlt lora, fuse and init as a user runs them.

import Foundation
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct LoRACommandTests {
  let folder: FineTuningFolder

  init() throws { folder = try FineTuningFolder() }

  @Test func `a configuration file with the recorded settings gives the recorded losses`() throws {
    let run = try folder.lora(
      "--config", "golden.yaml", "--init-adapter", FineTuningFolder.golden + "/init", "--out", "out")
    #expect(run.status == 0, "\(run.stderr)")
    let golden = try JSON.read(path: FineTuningFolder.golden + "/golden.json")
    let recorded = try #require(golden["steps"]?.arrayValue)
    let found = try folder.steps("out")
    #expect(found.count == recorded.count)
    for (step, expected) in zip(found, recorded) {
      let loss = try #require(expected["loss"]?.doubleValue)
      // The goldens' tolerance for a loss.
      #expect(try abs(step.double("loss") - loss) <= 2e-5)
      let keys = [
        "step", "loss", "learning_rate", "grad_norm", "trained_tokens", "tokens_per_second",
        "peak_memory_bytes",
      ]
      #expect(step.object.keys == keys)
    }
    #expect(try folder.run("verify", "out").status == 0)
  }

  @Test func `with --json standard output is one object and nothing else`() throws {
    let run = try folder.lora("--iters", "2", "--out", "out", "--json")
    #expect(run.status == 0, "\(run.stderr)")
    let summary = try run.json
    #expect(summary["version"] == 1)
    #expect(summary["steps"] == 2)
    #expect(summary["out"] == "out")
  }

  @Test func `memory of each step is shown and logged on request`() throws {
    let run = try folder.lora("--iters", "3", "--out", "out", "--profile-memory")
    #expect(run.stdout.contains("allocations"))
    let steps = try folder.steps("out")
    #expect(try steps.allSatisfy { try $0.int("step_peak_bytes") > 0 && $0.has("allocations") })
  }

  @Test func `an unfinished run is not taken for an artifact, nor overwritten unasked`() throws {
    #expect(
      try folder.interrupt(
        [
          "lora", "--model", FineTuningFolder.model, "--data", "rows.jsonl", "--iters", "100000", "--out",
          "out",
        ],
        signal: 9, after: 1.5) == 9)
    let again = try folder.lora("--iters", "100000", "--out", "out")
    #expect(again.status == 64)
    #expect(
      again.stderr == "mlt: out holds an unfinished run; --resume continues it, --overwrite starts over\n")
    #expect(try folder.run("verify", "out").status != 0)
    let fuse = try folder.run("fuse", "--model", FineTuningFolder.model, "--adapter", "out", "--out", "fused")
    #expect(fuse.status == 65)
    #expect(fuse.stderr.contains("a fine-tuning run is unfinished there"))
    let other = try folder.lora("--iters", "7", "--out", "out", "--resume")
    #expect(other.status == 64)
    #expect(other.stderr.contains("iters was 100000 and is 7"))
    #expect(try folder.lora("--iters", "1", "--out", "out", "--overwrite").status == 0)
    let finished = try folder.lora("--iters", "1", "--out", "out")
    #expect(finished.status == 64 && finished.stderr.contains("exists already"))
    let resumed = try folder.lora("--iters", "1", "--out", "out", "--resume")
    #expect(resumed.status == 0 && resumed.stdout.contains("complete already"))
  }

  @Test func `Ctrl-C ends with status 130 and leaves a run that can be resumed`() throws {
    let arguments = [
      "lora", "--model", FineTuningFolder.model, "--data", "rows.jsonl", "--iters", "400", "--out", "out",
    ]
    #expect(try folder.interrupt(arguments, signal: 2, after: 1) == 130)
    #expect(!Files.exists("\(folder.path)/out/adapter_config.json"))
    let resumed = try folder.lora("--iters", "400", "--out", "out", "--resume")
    #expect(resumed.status == 0, "\(resumed.stderr)")
    #expect(try folder.steps("out").map { try $0.int("step") } == Array(0..<400))
  }

  @Test func `Ctrl-C keeps the steps done, and going on gives the bytes of a run never stopped`() throws {
    let settings = [
      "lora", "--model", FineTuningFolder.model, "--data", "rows.jsonl", "--iters", "400", "--dropout", "0.1",
      "--out",
    ]
    let first = try folder.start(settings + ["parts"], until: "parts/log.jsonl")
    first.interrupt()
    first.waitUntilExit()
    #expect(first.terminationStatus == 130)
    let kept = try #require(try Files.list("\(folder.path)/parts/checkpoints").last)
    let steps = try folder.steps("parts").count
    #expect(try #require(Int(kept.dropFirst("step-".count))) == steps)
    #expect(
      try Files.readText(path: "\(folder.path)/stderr").hasSuffix(
        "mlt: interrupted, the \(steps) steps done are in parts/checkpoints/\(kept); "
          + "the same command with --resume goes on\n"))
    #expect(try Mlt.run(settings + ["parts", "--resume"], in: folder.path).status == 0)
    #expect(try Mlt.run(settings + ["whole"], in: folder.path).status == 0)
    for file in ["adapter_model.safetensors", "manifest.json"] {
      #expect(try folder.bytes("parts/\(file)") == folder.bytes("whole/\(file)"), "\(file)")
    }
    #expect(try folder.steps("parts").map { try $0.int("step") } == Array(0..<400))
  }

  @Test(arguments: [[], ["--resume"], ["--overwrite"]])
  func `a second run into the folder of a running one is refused, and the first goes on`(flags: [String])
    throws
  {
    let settings = [
      "lora", "--model", FineTuningFolder.model, "--data", "rows.jsonl", "--iters", "100000", "--out", "out",
    ]
    let first = try folder.start(settings, until: "out/log.jsonl")
    let second = try Mlt.run(settings + flags, in: folder.path)
    #expect(second.status == 64)
    #expect(
      second.stderr
        == "mlt: another process is training into out; wait for its end, or give another --out\n")
    #expect(first.isRunning)
    first.interrupt()
    first.waitUntilExit()
    #expect(first.terminationStatus == 130)
  }

  @Test(.timeLimit(.minutes(3)))
  func `killed again and again, the adapter is the one of a run never stopped`() throws {
    let settings = [
      "lora", "--model", FineTuningFolder.model, "--data", "rows.jsonl", "--iters", "600", "--save-every",
      "7",
      "--dropout", "0.1", "--lr-schedule", "cosine", "--warmup-steps", "9", "--out",
    ]
    #expect(try Mlt.run(settings + ["whole"], in: folder.path).status == 0)
    var kills = 0
    for round in 0..<12 {
      // Delays from within the start of the process to well into the run.
      let delay = 0.02 + 0.13 * Double(round)
      let ended = try folder.interrupt(settings + ["parts", "--resume"], signal: 9, after: delay)
      if ended == nil { break }
      kills += 1
    }
    #expect(kills >= 3)
    #expect(try Mlt.run(settings + ["parts", "--resume"], in: folder.path).status == 0)
    for file in ["adapter_model.safetensors", "adapter_config.json", "run.json"] {
      #expect(try folder.bytes("parts/\(file)") == folder.bytes("whole/\(file)"), "\(file)")
    }
    #expect(try folder.steps("parts").map { try $0.int("step") } == Array(0..<600))
    #expect(try folder.run("verify", "parts").status == 0)
  }

  @Test func `a loss that is no number ends with status 1 and one sentence`() throws {
    let run = try folder.lora(
      "--learning-rate", "1e30", "--warmup-steps", "2", "--iters", "9", "--save-every", "1", "--out", "out")
    #expect(run.status == 1)
    #expect(run.stderr.hasPrefix("mlt: training stopped at step "))
    #expect(run.stderr.contains("the last good checkpoint is out/checkpoints/step-"))
  }

  @Test func `an adapter in mlx-lm's format is written`() throws {
    let run = try folder.lora("--iters", "1", "--adapter-format", "mlx", "--num-layers", "1", "--out", "out")
    #expect(run.status == 0, "\(run.stderr)")
    let configuration = try JSON.read(path: "\(folder.path)/out/adapter_config.json")
    #expect(configuration["num_layers"] == 1)
    #expect(Files.exists("\(folder.path)/out/adapters.safetensors"))
  }

  @Test func `a folder with validation and test rows reports their losses`() throws {
    for name in ["train", "valid", "test"] {
      try folder.scratch.write(folder.bytes("rows.jsonl"), "data/\(name).jsonl")
    }
    let run = try folder.run(
      "lora", "--model", FineTuningFolder.model, "--data", "data", "--iters", "4", "--steps-per-eval", "2",
      "--out",
      "out")
    #expect(run.status == 0, "\(run.stderr)")
    let lines = try Files.readText(path: "\(folder.path)/out/log.jsonl").split(separator: "\n").map {
      try JSON.parse(String($0), source: "log")
    }
    #expect(lines.filter { $0["val_loss"] != nil }.map { $0["step"]?.intValue } == [0, 2, 4])
    #expect(lines.filter { $0["test_loss"] != nil }.map { $0["step"]?.intValue } == [4])
    // The first validation sees what the first step sees: all rows, once as a mean over tokens.
    #expect(run.stdout.contains("valid loss"))
  }

  @Test(arguments: [
    ("{\"input_ids\": [1, 2]}\n{\"input_ids\": [1, 2\n", 65, "bad.jsonl, line 2: expected one JSON object: "),
    ("", 65, "bad.jsonl: has no rows"),
    ("{\"input_ids\": [1]}\n", 65, "bad.jsonl, line 1: nothing to learn"),
    (
      "{\"input_ids\": [1, 512]}\n", 65,
      "line 1: key 'input_ids': entry 1 is 512, expected an integer in 0…511"
    ),
    (
      "\n{\"input_ids\": [1, 2], \"labels\": [1]}\n", 65,
      "line 2: key 'labels': has 1 entries, input_ids has 2"
    ),
    ("{\"question\": \"?\"}\n", 65, "line 1: expected messages, prompt and completion, text, or input_ids"),
    ("{\"chosen\": \"a\", \"rejected\": \"b\"}\n", 65, "line 1: preference rows"),
    ("{\"text\": 5}\n", 65, "line 1: key 'text': expected a string, found an integer"),
  ])
  func `a wrong row is one sentence with file and line, and nothing is written`(
    rows: String, status: Int32, sentence: String
  ) throws {
    try folder.scratch.write(rows, "bad.jsonl")
    let run = try folder.run(
      "lora", "--model", FineTuningFolder.model, "--data", "bad.jsonl", "--out", "out")
    #expect(run.status == status)
    #expect(run.stderr.contains(sentence), "\(run.stderr)")
    #expect(run.stderr.split(separator: "\n").count == 1)
    #expect(!Files.exists("\(folder.path)/out"))
  }

  @Test func `a row longer than the context is refused, and cut when a limit is given`() throws {
    let ids = JSON.array((0..<600).map { .integer($0 % 500) })
    try folder.scratch.write(JSON.object(["input_ids": ids]).text() + "\n", "long.jsonl")
    func train(_ more: [String]) throws -> Mlt.Run {
      try Mlt.run(
        ["lora", "--model", FineTuningFolder.model, "--data", "long.jsonl", "--iters", "1", "--out", "out"]
          + more,
        in: folder.path)
    }
    let refused = try train([])
    #expect(refused.status == 65)
    #expect(
      refused.stderr.contains(
        "line 1: the row has 600 tokens, the model's context is 512; --max-seq-length 512"))
    let cut = try train(["--max-seq-length", "512"])
    #expect(cut.status == 0)
    #expect(cut.stderr.contains("warning: cut to 512 tokens: 1 row of long.jsonl\n"))
  }

  @Test func `rows that cutting leaves nothing to learn are counted and named`() throws {
    let late = "{\"input_ids\":[1,2,3],\"labels\":[-100,-100,3]}\n"
    try folder.scratch.write(
      String(repeating: late, count: 6) + "{\"input_ids\":[1,2,3]}\n", "late.jsonl")
    let run = try folder.run(
      "lora", "--model", FineTuningFolder.model, "--data", "late.jsonl", "--iters", "1", "--max-seq-length",
      "2",
      "--out", "out", "--json")
    #expect(run.status == 0, "\(run.stderr)")
    #expect(
      run.stderr.contains(
        "warning: left out, since nothing is left to learn after cutting to 2 tokens: "
          + "6 rows of late.jsonl (line 1, 2, 3, 4, 5, …)\n"))
    #expect(try run.json["skipped_rows"] == 6)
    #expect(try Files.readText(path: "\(folder.path)/out/manifest.json").contains("\"skipped_rows\": 6"))
  }

  @Test(arguments: [
    (["--data", "nowhere.jsonl"], 66, "nowhere.jsonl: no such training data"),
    (["--data", "rows.jsonl", "--rank", "0"], 64, "rank must be from 1 to 65536"),
    (["--data", "rows.jsonl", "--target-modules", "q_prj"], 64, "did you mean 'q_proj'?"),
    (["--data", "rows.jsonl", "--fine-tune-type", "dora"], 64, "dora is not there yet"),
    (["--data", "rows.jsonl", "--init-adapter", "rows.jsonl"], 66, "rows.jsonl: no such adapter folder"),
    (["--data", "rows.jsonl", "--num-layers", "9"], 64, "num_layers is 9, the model has 2 blocks"),
  ])
  func `wrong options are one sentence and their status`(
    options: [String], status: Int32, sentence: String
  ) throws {
    let run = try Mlt.run(
      ["lora", "--model", FineTuningFolder.model, "--out", "out"] + options, in: folder.path)
    #expect(run.status == status, "\(run.stderr)")
    #expect(run.stderr.contains(sentence), "\(run.stderr)")
    #expect(!Files.exists("\(folder.path)/out"))
  }
}

@Suite struct FuseCommandTests {
  let folder: FineTuningFolder

  init() throws { folder = try FineTuningFolder() }

  @Test func `a merged model is a model folder with a manifest`() throws {
    let run = try folder.run(
      "fuse", "--model", FineTuningFolder.model, "--adapter", FineTuningFolder.golden + "/final", "--out",
      "fused")
    #expect(run.status == 0, "\(run.stderr)")
    let (base, fused) = (
      try SafetensorsFile(path: FineTuningFolder.model + "/model.safetensors"),
      try SafetensorsFile(path: "\(folder.path)/fused/model.safetensors")
    )
    #expect(fused.entries == base.entries)
    #expect(try folder.run("verify", "fused").status == 0)
    #expect(
      try folder.bytes("fused/tokenizer.json") == Files.read(path: FineTuningFolder.model + "/tokenizer.json")
    )
  }

  @Test func `a quantized base is quantized again with its own settings`() throws {
    let adapter = FineTuningFolder.golden + "/final"
    #expect(
      try folder.run(
        "quantize", "--model", FineTuningFolder.model, "--bits", "4", "--group-size", "32", "--out", "q4"
      ).status == 0)
    let run = try folder.run("fuse", "--model", "q4", "--adapter", adapter, "--out", "fused")
    #expect(run.status == 0, "\(run.stderr)")
    let (base, fused) = (
      try SafetensorsFile(path: "\(folder.path)/q4/model.safetensors"),
      try SafetensorsFile(path: "\(folder.path)/fused/model.safetensors")
    )
    #expect(fused.entries == base.entries)
    #expect(
      try fused.tensor("model.layers.0.self_attn.q_proj.weight").integers()
        != base.tensor("model.layers.0.self_attn.q_proj.weight").integers())
    let floats = try folder.run(
      "fuse", "--model", "q4", "--adapter", adapter, "--dequantize", "--dtype", "float32", "--out", "floats")
    #expect(floats.status == 0, "\(floats.stderr)")
    let config = try JSON.read(path: "\(folder.path)/floats/config.json")
    #expect(config["quantization"] == nil)
    #expect(
      try folder.run("fuse", "--model", "q4", "--adapter", adapter, "--dtype", "float32", "--out", "no")
        .status == 64)
  }

  @Test func `an adapter of another model is refused by name`() throws {
    try folder.scratch.write(
      Files.read(path: FineTuningFolder.golden + "/final/adapter_config.json"), "a/adapter_config.json")
    let tensors = try SafetensorsFile(path: FineTuningFolder.golden + "/final/adapter_model.safetensors")
    let renamed = try tensors.entries.map { entry in
      (name: entry.name.replacing("layers.0", with: "layers.7"), tensor: try tensors.tensor(entry.name))
    }
    try SafetensorsWriter.write(path: "\(folder.path)/a/adapter_model.safetensors", tensors: renamed)
    let run = try folder.run("fuse", "--model", FineTuningFolder.model, "--adapter", "a", "--out", "fused")
    #expect(run.status == 65)
    #expect(run.stderr.contains("adapts 'model.layers.7."))
    #expect(!Files.exists("\(folder.path)/fused"))
  }
}

@Suite struct InitCommandTests {
  let folder: FineTuningFolder

  init() throws { folder = try FineTuningFolder() }

  private func makeModel(_ out: String, seed: String = "1") throws -> Mlt.Run {
    try folder.run(
      "init", "--config", FineTuningFolder.model + "/config.json", "--tokenizer", FineTuningFolder.model,
      "--seed",
      seed, "--out", out)
  }

  @Test func `a model from nothing can be trained in full`() throws {
    let made = try makeModel("seed")
    #expect(made.status == 0, "\(made.stderr)")
    #expect(try folder.run("verify", "seed").status == 0)
    let trained = try folder.run(
      "lora", "--fine-tune-type", "full", "--model", "seed", "--data", "rows.jsonl", "--iters", "30",
      "--learning-rate", "3e-3", "--out", "model")
    #expect(trained.status == 0, "\(trained.stderr)")
    let losses = try folder.steps("model").map { try $0.double("loss") }
    // The first loss is that of guessing among 512 tokens, ln 512 = 6.24.
    #expect(abs(losses[0] - 6.24) < 0.1)
    #expect(try #require(losses.last) < losses[0] - 1)
    let entries = try SafetensorsFile(path: "\(folder.path)/model/model.safetensors").entries
    #expect(entries.allSatisfy { $0.dtype == .bf16 })
    #expect(try folder.run("verify", "model").status == 0)
  }

  @Test func `the seed decides the bytes`() throws {
    for (out, seed) in [("a", "1"), ("b", "1"), ("c", "2")] {
      #expect(try makeModel(out, seed: seed).status == 0)
    }
    #expect(try folder.bytes("a/manifest.json") == folder.bytes("b/manifest.json"))
    #expect(try folder.bytes("a/model.safetensors") != folder.bytes("c/model.safetensors"))
  }
}
