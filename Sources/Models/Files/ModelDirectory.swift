// A model as it lies on disk: a Hugging Face style folder with config.json, weights, and what generation needs to know; or a
// GGUF file, which has all of that in itself.

import SafeIO
import WeightFiles

/// An opened model folder or GGUF file: configuration read, weights mapped, nothing computed.
package final class ModelDirectory: Sendable {
  /// The largest configuration file that is read, in bytes.
  private static let configLimit = 16 << 20

  package let path: String
  /// `config.json` as it stands, or as it would be for a GGUF file.
  package let config: JSON
  package let spec: DecoderSpec
  /// `generation_config.json`, if there is one.
  package let generationConfig: JSON?
  package let weights: any WeightSource
  /// How the weights are quantized in MLX's formats; nil when they are not.
  package let quantization: QuantizationTable?
  /// How another tool has packed them; nil when none has.
  package let packing: HubQuantization?
  /// The ids that end a text: those of `generation_config.json`, else those of `config.json`.
  package let eosTokenIDs: [Int32]
  /// The id that begins a text, if the model has one.
  package let bosTokenID: Int32?

  /// Opens a model folder or a GGUF file.
  ///
  /// - Throws: `Failure` that names the file: `notFound` when folder, configuration or weights are missing, `badData`
  ///   for wrong content and unknown architectures.
  package init(path: String) throws(Failure) {
    guard Files.exists(path) else { throw .notFound(path, "there is no such model folder") }
    let gguf = try GGUFFile.of(model: path)
    let configPath = gguf?.path ?? "\(path)/config.json"
    if let gguf {
      let architecture = try GGUFArchitecture.named(in: gguf)
      config = try GGUFConfiguration.json(gguf, architecture)
      spec = try Families.spec(config: config, source: gguf.path).unfused
      weights = try GGUFWeights(gguf, spec, architecture)
    } else {
      guard Files.isDirectory(path) else {
        throw .badData(path, "is a file, expected a model folder or a GGUF file")
      }
      guard Files.exists(configPath) else {
        throw .notFound(configPath, "is missing; a model folder has config.json, weights and tokenizer")
      }
      config = try JSON.read(path: configPath, limit: Self.configLimit, acceptingInfinity: true)
      spec = try Families.spec(config: config, source: configPath)
      weights = try WeightFormat.open(path: path)
    }
    quantization = try QuantizationTable(config: config, source: configPath)
    packing = try HubQuantization(config: config, source: configPath)
    let generationPath = "\(path)/generation_config.json"
    let hasGenerationConfig = Files.exists(generationPath)
    let generation = hasGenerationConfig ? try JSON.read(path: generationPath, limit: Self.configLimit) : [:]
    generationConfig = hasGenerationConfig ? generation : Optional.none
    let ids = try Fields(config, source: configPath)
    let preferred = try Fields(generation, source: generationPath)
    let (ends, preferredEnds) = (try ids.tokenIDs("eos_token_id"), try preferred.tokenIDs("eos_token_id"))
    let (starts, preferredStarts) = (try ids.tokenIDs("bos_token_id"), try preferred.tokenIDs("bos_token_id"))
    eosTokenIDs = preferredEnds ?? ends ?? []
    bosTokenID = (preferredStarts ?? starts)?.first
    self.path = path
  }

  /// Whether some matrices are no plain floats.
  package var isQuantized: Bool {
    quantization != nil || packing != nil || (weights as? GGUFWeights)?.hasBlocks ?? false
  }

  /// The GGUF file that the model is, or lies in.
  package var gguf: GGUFFile? { (weights as? GGUFWeights)?.file }

  /// Weights that the model does not need, apart from those that files of its family usually carry; to be told to the
  /// user, since they may mean that the configuration is wrong.
  package var ignoredTensors: [String] {
    if let weights = weights as? GGUFWeights { return weights.unused }
    var needed = Set(spec.parameters.map(\.name))
    needed.formUnion(
      needed.filter { $0.hasPrefix(spec.prefix) }.map { String($0.dropFirst(spec.prefix.count)) })
    needed.formUnion(
      spec.parameters.compactMap(\.stack?.name).flatMap { name in [name, "\(name)_blocks", "\(name)_scales"] }
    )
    let parts = packing == nil ? ["scales", "biases"] : PackedFinder.parts
    for path in spec.matrices.flatMap({
      [$0.path] + ($0.stack.map { [StoredParameter.path(of: $0.name)] } ?? [])
    }) {
      for path in [path, String(path.dropFirst(spec.prefix.count))] {
        needed.formUnion(parts.map { "\(path).\($0)" })
      }
    }
    return weights.entries.map(\.name).filter { name in
      // Scales of caches are about arithmetic that mlt does not do.
      let isUsual =
        (spec.ignoredSuffixes + [".k_scale", ".v_scale"]).contains { name.hasSuffix($0) }
        || spec.ignoredPrefixes.contains { name.hasPrefix($0) }
      // A tied model may repeat its embedding as the head.
      let isTiedHead = spec.head == nil && name.hasPrefix("lm_head.")
      return !needed.contains(name) && !isUsual && !isTiedHead
    }
  }
}

extension Fields {
  /// A token id or a list of them; nil when absent or null.
  fileprivate func tokenIDs(_ key: String) throws(Failure) -> [Int32]? {
    guard let value = object[key], !value.isNull else { return nil }
    let ids = value.arrayValue ?? [value]
    var list: [Int32] = []
    for id in ids {
      guard case .integer(let number) = id else {
        throw complaint(key, "expected a token id or a list of them, found \(id.kindName)")
      }
      guard let token = Int32(exactly: number), token >= 0 else {
        throw complaint(key, "holds \(number), which no token has as its id")
      }
      list.append(token)
    }
    return list
  }
}
