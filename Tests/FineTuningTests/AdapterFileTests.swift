// Adapter folders of both formats, read and written, and what is refused.

import FineTuning
import Models
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct AdapterFileTests {
  private let base = AdapterFiles.Base(
    name: "tiny",
    linears: (0..<3).flatMap { ["m.layers.\($0).attn.q_proj", "m.layers.\($0).attn.v_proj"] }, blocks: 3)

  private func adapter(
    _ paths: [String], useRSLoRA: Bool = false, rank: Int = 2,
    change: (Int, LowRankPair) -> LowRankPair = { $1 }
  ) -> Adapter {
    let settings = LoRASettings(rank: rank, alpha: 6, useRSLoRA: useRSLoRA, dropout: 0.25)
    return Adapter(
      settings: settings,
      pairs: paths.enumerated().map { index, path in
        let random = CounterRandom(seed: index)
        let pair = LowRankPair(
          a: Tensor((0..<rank * 3).map { random.uniform($0) }, shape: [rank, 3]),
          b: Tensor((0..<5 * rank).map { -random.uniform($0) }, shape: [5, rank]), scale: settings.scale)
        return (path: path, pair: change(index, pair))
      })
  }

  private func expectSame(_ found: Adapter, _ expected: Adapter) {
    #expect(found.paths == expected.paths)
    for (ours, theirs) in zip(found.pairs, expected.pairs) {
      #expect(ours.pair.a.floats() == theirs.pair.a.floats())
      #expect(ours.pair.b.floats() == theirs.pair.b.floats())
      #expect(abs(ours.pair.scale - theirs.pair.scale) < 1e-14)
    }
  }

  @Test(arguments: AdapterFormat.allCases, [false, true])
  func `what is written reads back the same`(format: AdapterFormat, useRSLoRA: Bool) throws {
    let scratch = try Scratch()
    let written = adapter(base.linears, useRSLoRA: useRSLoRA)
    try AdapterFiles.write(written, format: format, dtype: .f32, base: base, into: scratch.path)
    let read = try AdapterFiles.read(directory: scratch.path)
    expectSame(read, written)
    #expect(read.settings.dropout == 0.25 && read.settings.rank == 2)
  }

  @Test func `different ranks and scales survive PEFT's format`() throws {
    let scratch = try Scratch()
    let written = adapter(base.linears) { index, pair in
      guard index == 1 else { return pair }
      return LowRankPair(a: .full([4, 3], value: 1), b: .full([5, 4], value: 2), scale: 7)
    }
    try AdapterFiles.write(written, format: .peft, dtype: .f32, base: base, into: scratch.path)
    expectSame(try AdapterFiles.read(directory: scratch.path), written)
    #expect(throws: Failure.self) {
      try AdapterFiles.write(written, format: .mlx, dtype: .f32, base: base, into: scratch.path)
    }
  }

  @Test func `PEFT's targets are names when those suffice, else paths`() throws {
    for (paths, targets) in [
      (base.linears, ["q_proj", "v_proj"] as JSON),
      (base.linears.filter { $0.hasSuffix("q_proj") }, ["q_proj"] as JSON),
      (["m.layers.2.attn.q_proj"], ["m.layers.2.attn.q_proj"] as JSON),
    ] {
      let scratch = try Scratch()
      try AdapterFiles.write(adapter(paths), format: .peft, dtype: .f32, base: base, into: scratch.path)
      let configuration = try JSON.read(path: "\(scratch.path)/adapter_config.json")
      #expect(configuration["target_modules"] == targets)
    }
  }

  @Test func `mlx-lm's keys are the linears of the last blocks`() throws {
    let scratch = try Scratch()
    let paths = base.linears.filter { $0.contains(".1.") || $0.contains(".2.") }
    try AdapterFiles.write(adapter(paths), format: .mlx, dtype: .f32, base: base, into: scratch.path)
    let configuration = try JSON.read(path: "\(scratch.path)/adapter_config.json")
    #expect(configuration["num_layers"] == 2)
    #expect(configuration["fine_tune_type"] == "lora")
    #expect(
      configuration["lora_parameters"] == [
        "rank": 2, "scale": 3.0, "dropout": 0.25, "keys": ["attn.q_proj", "attn.v_proj"],
      ])
    let weights = try SafetensorsFile(path: "\(scratch.path)/adapters.safetensors")
    #expect(weights.entry("m.layers.1.attn.q_proj.lora_a")?.shape == [3, 2])
    #expect(weights.entry("m.layers.1.attn.q_proj.lora_b")?.shape == [2, 5])
  }

  @Test func `mlx-lm's format refuses linears it can't name`() throws {
    let scratch = try Scratch()
    let failure = #expect(throws: Failure.self) {
      try AdapterFiles.write(
        adapter(["m.layers.0.attn.q_proj"]), format: .mlx, dtype: .f32, base: base, into: scratch.path)
    }
    #expect(failure?.kind == .usage)
  }

  private static let refused: [(String, JSON)] = [
    ("use_dora", true), ("bias", "all"), ("modules_to_save", ["lm_head"]), ("fan_in_fan_out", true),
    ("peft_type", "LOHA"), ("init_lora_weights", "pissa_niter_16"), ("layer_replication", [[0, 2]]),
    ("rank_pattern", ["^q": 4]), ("r", 3), ("r", 0),
  ]

  @Test(arguments: refused)
  func `what would change the result silently is refused by name`(key: String, value: JSON) throws {
    let scratch = try Scratch()
    try AdapterFiles.write(adapter(base.linears), format: .peft, dtype: .f32, base: base, into: scratch.path)
    let path = "\(scratch.path)/adapter_config.json"
    var configuration = try #require(try JSON.read(path: path).objectValue)
    configuration[key] = value
    try Files.writeAtomically(JSON.object(configuration).text(), to: path)
    let failure = #expect(throws: Failure.self) { try AdapterFiles.read(directory: scratch.path) }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.contains("adapter_config.json") ?? false)
  }

  @Test func `a folder without an adapter says what it lacks, and an unfinished run what to do`() throws {
    let scratch = try Scratch()
    let missing = #expect(throws: Failure.self) { try AdapterFiles.read(directory: scratch.path + "/none") }
    #expect(missing?.kind == .notFound)
    let empty = #expect(throws: Failure.self) { try AdapterFiles.read(directory: scratch.path) }
    #expect(empty?.message.contains("neither adapter_model.safetensors nor adapters.safetensors") ?? false)
    try scratch.write("{}", "run.json")
    let unfinished = #expect(throws: Failure.self) { try AdapterFiles.read(directory: scratch.path) }
    #expect(unfinished?.message.contains("--resume") ?? false)
  }

  @Test func `a pair without its other half is named`() throws {
    let scratch = try Scratch()
    try AdapterFiles.write(adapter(base.linears), format: .peft, dtype: .f32, base: base, into: scratch.path)
    try SafetensorsWriter.write(
      path: "\(scratch.path)/adapter_model.safetensors",
      tensors: [("base_model.model.x.lora_A.weight", .full([2, 3], value: 1))])
    let failure = #expect(throws: Failure.self) { try AdapterFiles.read(directory: scratch.path) }
    #expect(failure?.message.hasSuffix("'x' has a lora_A and no lora_B") ?? false)
  }

  @Test(
    .enabled(if: Shared.has("goldens/mlx"), "reads the adapters that mlx-lm trained"),
    arguments: ["lora-bf16", "lora-q4"])
  func `adapters that mlx-lm wrote compute what mlx-lm computes`(name: String) throws {
    let folder = Shared.file("goldens/mlx/tiny-llama-adapters-\(name)")
    let base = try #require(try JSON.read(path: "\(folder)/adapter_config.json")["model"]?.stringValue)
    let golden = try SafetensorsFile(path: "\(folder)/golden.safetensors")
    let ids = try golden.tensor("input_ids").integers().map(Int32.init)
    let decoder = try Decoder(ModelDirectory(path: Shared.file("goldens/\(base)")))
    func logits() -> Tensor { decoder.logits(decoder.forward(TokenRows(documents: [ids]))) }
    #expect(difference(logits(), try golden.tensor("logits_before_f32")) <= 5e-4)
    try AdapterFiles.load(folder, into: decoder)
    #expect(difference(logits(), try golden.tensor("logits_after_f32")) <= 5e-4)
  }
}
