// What was evaluated: the facts about a model and its adapter that a record names.

import Models
import Registry
import SafeIO
import WeightFiles

/// A model, perhaps with an adapter, as a record describes it.
package struct EvaluatedModel: Sendable {
  /// A folder with its identity.
  package struct Artifact: Sendable {
    package let name: String
    /// Nil when the folder has no manifest.
    package let manifestDigest: String?

    package init(folder: String) throws(Failure) {
      name = Files.name(of: folder)
      let hasManifest = Files.exists("\(folder)/\(Manifest.fileName)")
      manifestDigest = hasManifest ? try Manifest.digest(of: folder) : nil
    }

    package var json: JSON {
      [
        EvaluationRecord.Key.manifestDigest: manifestDigest.map(JSON.string) ?? .null,
        EvaluationRecord.Key.name: .string(name),
      ]
    }
  }

  package let model: Artifact
  package let adapter: Artifact?
  package let architecture: String
  /// Weights of the model and its adapter; tied ones count once.
  package let parameters: Int
  /// Bytes of their tensors.
  package let byteCount: Int
  package let quantization: QuantizationTable?
  /// How another tool has packed the weights, if one has.
  package let packing: HubQuantization?
  package let contextLength: Int

  /// Describes a model folder, and an adapter whose weights are in `adapterFile`.
  ///
  /// - Throws: `Failure` when a manifest or the adapter's weights can't be read.
  package init(_ directory: ModelDirectory, adapterFile: String? = nil) throws(Failure) {
    model = try Artifact(folder: directory.path)
    architecture = directory.config["model_type"]?.stringValue ?? "unknown"
    quantization = directory.quantization
    packing = directory.packing
    contextLength = directory.spec.contextLength
    var parameters = directory.spec.parameterCount
    var byteCount = directory.weights.entries.reduce(0) { $0 + $1.byteCount }
    if let adapterFile {
      adapter = try Artifact(folder: Files.parent(of: adapterFile))
      let entries = try WeightFormat.open(path: adapterFile).entries
      parameters += entries.reduce(0) { $0 + $1.elementCount }
      byteCount += entries.reduce(0) { $0 + $1.byteCount }
    } else {
      adapter = nil
    }
    self.parameters = parameters
    self.byteCount = byteCount
  }

  /// What a promotion would be about: the adapter if there is one.
  package var artifact: Artifact { adapter ?? model }

  package var bitsPerWeight: Double { Double(byteCount) * 8 / Double(parameters) }

  /// The artifact with the facts about it, as a record's `artifact`.
  package var artifactJSON: JSON {
    var json = artifact.json.objectValue ?? [:]
    json["kind"] = adapter == nil ? "model" : "adapter"
    json["architecture"] = .string(architecture)
    json["parameters"] = .integer(parameters)
    json["quantization"] = quantizationJSON
    return .object(json)
  }

  /// The model under an adapter, as a record's `base`; null without one.
  package var baseJSON: JSON { adapter == nil ? .null : model.json }

  private var quantizationJSON: JSON {
    guard let quantization else { return packing.map { ["method": .string($0.words)] } ?? .null }
    return [
      "mode": .string(quantization.base.mode.rawValue), "bits": .integer(quantization.base.bits),
      "group_size": .integer(quantization.base.groupSize),
      "exceptions": .integer(quantization.overrides.count),
    ]
  }
}
