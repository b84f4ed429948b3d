// What `mlt inspect` finds out about a path: recognized by the files that are there, read from headers and
// configurations alone.

import FineTuning
import Models
import Registry
import SafeIO
import WeightFiles

/// What a file or folder is.
struct Inspection {
  enum Kind: String {
    case model
    case adapter
    case checkpoint
    case unfinishedRun = "unfinished training run"
    case weights = "weight file"
    case gguf = "GGUF file"
    case manifest
    case artifact
  }

  let path: String
  let kind: Kind
  /// What there is to say, in the order of telling; keys as in JSON.
  private(set) var facts: [(key: String, value: JSON)] = []
  private(set) var weights: WeightSummary?
  private(set) var provenance: Manifest?
  /// What is odd about it.
  private(set) var notes: [String] = []

  /// Looks at a path.
  ///
  /// - Throws: `Failure` when nothing is there, when it is nothing that mlt knows, or when a header is wrong.
  init(path: String) throws {
    guard Files.exists(path) else { throw Failure.notFound(path) }
    self.path = path
    if let file = try GGUFFile.of(model: path) {
      kind = .gguf
      if Files.exists("\(path)/\(Manifest.fileName)") { provenance = try Manifest(directory: path) }
      describe(file)
      return
    }
    guard Files.isDirectory(path) else {
      kind = Files.name(of: path) == Manifest.fileName ? .manifest : .weights
      try kind == .manifest
        ? describeManifest(Manifest(bytes: Files.read(path: path), source: path)) : describeFile()
      return
    }
    guard let kind = Self.kind(ofFolder: path) else {
      throw Failure.badData(
        path,
        "is no folder that mlt knows: expected config.json, adapter_config.json, a checkpoint or a manifest")
    }
    self.kind = kind
    if Files.exists("\(path)/\(Manifest.fileName)") { provenance = try Manifest(directory: path) }
    switch kind {
    case .model: try describeModel()
    case .adapter: try describeAdapter()
    case .checkpoint: try describeCheckpoint()
    case .unfinishedRun, .weights, .gguf, .manifest, .artifact: describeFolder()
    }
  }

  private static func kind(ofFolder path: String) -> Kind? {
    let marks: [(String, Kind)] = [
      (AdapterFiles.configurationFile, .adapter), ("config.json", .model), ("state.json", .checkpoint),
      (Manifest.fileName, .artifact), (RunDirectory.recordFile, .unfinishedRun),
    ]
    return marks.first { Files.exists("\(path)/\($0.0)") }?.1
  }

  private mutating func add(_ key: String, _ value: JSON) { facts.append((key, value)) }

  private mutating func describeFile() throws {
    let summary = WeightSummary(try WeightFormat.open(path: path))
    if let parameters = summary.parameters {
      add("parameters", .integer(parameters))
    } else {
      notes.append(
        "holds packed words; inspect the model's folder to see their bits and the number of weights")
    }
    describe(summary, parameters: nil)
  }

  private mutating func describeManifest(_ manifest: Manifest) {
    provenance = manifest
    add("files", .array(manifest.files.map { .string($0.text) }))
  }

  private mutating func describeFolder() {
    if let provenance { add("files", .array(provenance.files.map { .string($0.text) })) }
  }

  private mutating func describeCheckpoint() throws {
    let state = try JSON.read(path: "\(path)/state.json")
    for (key, value) in state.objectValue ?? [:] { add(key, value) }
    describe(
      WeightSummary(try SafetensorsFile(path: "\(path)/state.safetensors")), parameters: nil)
  }

  private mutating func describeAdapter() throws {
    let format = try AdapterFiles.format(of: path)
    add("format", .string(format.rawValue))
    let configurationPath = "\(path)/\(AdapterFiles.configurationFile)"
    let configuration = try Fields(try JSON.read(path: configurationPath), source: configurationPath)
    let told = [
      "base_model_name_or_path", "model", "fine_tune_type", "r", "lora_alpha", "use_rslora", "use_dora",
      "lora_parameters", "num_layers", "target_modules",
    ]
    for key in told where configuration.has(key) { add(key, configuration.object[key] ?? .null) }
    let summary = WeightSummary(try SafetensorsFile(path: "\(path)/\(format.weightsFile)"))
    if let parameters = summary.parameters { add("parameters", .integer(parameters)) }
    describe(summary, parameters: nil)
  }

  private mutating func describeModel() throws {
    let config = try JSON.read(path: "\(path)/config.json", acceptingInfinity: true)
    add("model_type", config["model_type"] ?? .null)
    do {
      describe(try ModelDirectory(path: path))
    } catch {
      // The files are worth showing even where mlt can't run the model.
      guard
        ["model.safetensors", "model.safetensors.index.json", HDF5File.modelFile].contains(where: {
          Files.exists("\(path)/\($0)")
        })
      else { throw error }
      notes.append("\(error)")
      describe(WeightSummary(try WeightFormat.open(path: path)), parameters: nil)
    }
  }

  /// The model in a GGUF file, and what its metadata says, arrays by their length alone.
  private mutating func describe(_ file: GGUFFile) {
    add("gguf_version", .integer(file.header.version))
    do {
      describe(try ModelDirectory(path: path))
    } catch {
      // The file is worth showing even where mlt can't run the model.
      notes.append("\(error)")
      describe(WeightSummary(file), parameters: nil)
    }
    for (key, value) in file.header.metadata { add("metadata.\(key)", value.summary) }
  }

  private mutating func describe(_ model: ModelDirectory) {
    let spec = model.spec
    add("parameters", .integer(spec.parameterCount))
    add("layers", .integer(spec.blocks.count))
    add("hidden_size", .integer(spec.hiddenSize))
    if let attention = spec.blocks.lazy.compactMap(\.attention).first {
      add("heads", .integer(attention.heads))
      add("key_value_heads", .integer(attention.keyValueHeads))
      add("head_size", .integer(attention.headSize))
    }
    add("vocabulary", .integer(spec.vocabularySize))
    add("context", .integer(spec.contextLength))
    add("tied_embedding", .bool(spec.head == nil))
    for (part, text) in spec.words { add(part, .string(text)) }
    add(
      "quantization",
      model.quantization.map { Self.json($0) } ?? model.packing.map { ["method": .string($0.words)] } ?? .null
    )
    let ignored = model.ignoredTensors
    describe(
      model.gguf.map(WeightSummary.init) ?? WeightSummary(model.weights), parameters: spec.parameterCount)
    if !ignored.isEmpty {
      notes.append("\(ignored.count) tensors are not used, such as \(ignored[0])")
    }
  }

  private static func json(_ table: QuantizationTable) -> JSON {
    [
      "mode": .string(table.base.mode.rawValue), "bits": .integer(table.base.bits),
      "group_size": .integer(table.base.groupSize),
      "exceptions": .integer(table.overrides.count),
    ]
  }

  private mutating func describe(_ summary: WeightSummary, parameters: Int?) {
    weights = summary
    add("size_bytes", .integer(summary.bytes))
    if let parameters = parameters ?? summary.parameters, parameters > 0 {
      add("bits_per_weight", .double(Double(summary.bytes * 8) / Double(parameters)))
    }
    for (key, value) in summary.metadata.sorted(by: { $0.key.precedes($1.key) }) {
      add("metadata.\(key)", .string(value))
    }
  }
}

extension GGUFValue {
  /// The value in JSON; of an array what it is, of a long text its beginning.
  fileprivate var summary: JSON {
    switch self {
    case .integer(let number, _): .integer(number)
    case .hugeInteger(let number): .string("\(number)")
    case .double(let number, _):
      number.isFinite ? .double(Double("\(Float(number))") ?? number) : .string("\(number)")
    case .bool(let flag): .bool(flag)
    case .string(let text): .string(text.unicodeScalars.count > 400 ? "\(text.prefix(400))…" : text)
    case .array: .string(kindName)
    }
  }
}
