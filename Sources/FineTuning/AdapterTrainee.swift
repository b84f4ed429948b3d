// Low-rank adapters under training: chosen linears of a frozen model get a pair of factors each.

import Models
import SafeIO
import TensorCore

/// The adapters of a frozen model.
package final class AdapterTrainee: Trainee {
  package let parameters: [(name: String, value: Tensor)]
  private let settings: LoRASettings
  private let adapters: [(path: String, linear: LowRankLinear)]
  private let base: AdapterFiles.Base
  private let format: AdapterFormat
  private let dtype: DType
  private let seed: Int

  /// Puts fresh or given adapters on a decoder's linears.
  ///
  /// - Throws: `Failure.usage` for targets the model lacks; `Failure` for a start adapter that does not fit.
  package init(
    _ decoder: Decoder, _ model: ModelDirectory, _ configuration: TrainingConfiguration, format: AdapterFormat
  ) throws(Failure) {
    let base = AdapterFiles.Base(name: Files.name(of: model.path), model.spec)
    let start: Adapter
    if let path = configuration.initAdapter {
      start = try Self.loaded(path, base, configuration)
    } else {
      start = try Self.fresh(decoder, base, configuration)
    }
    try start.attach(to: decoder, isTrained: true, source: configuration.initAdapter ?? "adapter")
    settings = start.settings
    self.base = base
    self.format = format
    dtype = configuration.dtype ?? .f32
    seed = configuration.seed
    adapters = decoder.adaptableLinears.joined().compactMap { linear in
      (linear.adapter as? LowRankLinear).map { (path: linear.path, linear: $0) }
    }
    parameters = adapters.flatMap { path, linear in
      [(name: "\(path).lora_A", value: linear.a), (name: "\(path).lora_B", value: linear.b)]
    }
    // Fails now, not after the last step, when the format can't hold this adapter.
    if format == .mlx { _ = try MLXFormat.files(current, base: base) }
  }

  package func prepare(for batch: MicroBatchID?) {
    for (path, linear) in adapters {
      linear.drop(
        from: batch.map {
          CounterRandom(
            seed: seed, CounterRandom.hash("dropout"), CounterRandom.hash(path), UInt64($0.step),
            UInt64($0.index))
        })
    }
  }

  /// An adapter that loads like the final one; always f32, whatever type that will have.
  package func writeSnapshot(into directory: String) throws {
    try AdapterFiles.write(current, format: format, dtype: .f32, base: base, into: directory)
  }

  package func writeResult(into directory: String) throws {
    try AdapterFiles.write(current, format: format, dtype: dtype, base: base, into: directory)
  }

  private var current: Adapter {
    Adapter(
      settings: settings,
      pairs: adapters.map { path, linear in
        (path: path, pair: LowRankPair(a: linear.a, b: linear.b, scale: linear.scale))
      })
  }

  /// The start adapter, scaled as the configuration says where it says something.
  private static func loaded(
    _ path: String, _ base: AdapterFiles.Base, _ configuration: TrainingConfiguration
  ) throws(Failure) -> Adapter {
    let adapter = try AdapterFiles.read(directory: path)
    let settings = try LoRASettings.resolve(configuration, start: adapter.settings)
    if configuration.targetModules != nil || configuration.numLayers != nil {
      let wanted = try LoRATargets.choose(from: base.linears, blocks: base.blocks, configuration)
      guard Set(wanted) == Set(adapter.paths) else {
        throw .usage(
          "target_modules and num_layers don't name the linears that \(path) adapts; leave them out to use its own"
        )
      }
    }
    let isRescaled =
      configuration.alpha != nil || configuration.scale != nil || configuration.useRSLoRA != nil
    return Adapter(
      settings: settings,
      pairs: adapter.pairs.map { path, pair in
        let scale = isRescaled ? settings.scale(rank: pair.rank, alpha: settings.alpha) : pair.scale
        return (path: path, pair: LowRankPair(a: pair.a, b: pair.b, scale: scale))
      })
  }

  /// New factors: A uniform in ±1/sqrt(inputs), which is PEFT's `kaiming_uniform_(a=sqrt(5))`, and B zero, so that
  /// training starts at the base model.
  private static func fresh(
    _ decoder: Decoder, _ base: AdapterFiles.Base, _ configuration: TrainingConfiguration
  ) throws(Failure) -> Adapter {
    let settings = try LoRASettings.resolve(configuration, start: nil)
    let targets = Set(try LoRATargets.choose(from: base.linears, blocks: base.blocks, configuration))
    let pairs = decoder.adaptableLinears.joined().filter { targets.contains($0.path) }.map { linear in
      let bound = 1 / Float(linear.inputs).squareRoot()
      let random = CounterRandom(
        seed: configuration.seed, CounterRandom.hash("lora_A"), CounterRandom.hash(linear.path))
      let values = (0..<settings.rank * linear.inputs).map { (2 * random.uniform($0) - 1) * bound }
      return (
        path: linear.path,
        pair: LowRankPair(
          a: Tensor(values, shape: [settings.rank, linear.inputs]),
          b: .zeros([linear.outputs, settings.rank]),
          scale: settings.scale)
      )
    }
    return Adapter(settings: settings, pairs: pairs)
  }
}

extension AdapterFiles.Base {
  /// A base as its specification describes it.
  package init(name: String, _ spec: DecoderSpec) {
    self.init(
      name: name, linears: spec.blocks.flatMap { $0.adaptableLinears.map(\.path) }, blocks: spec.blocks.count)
  }
}
