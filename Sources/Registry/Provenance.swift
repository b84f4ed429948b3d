// How an artifact was made. Only what decides its bytes is kept: no clock, no path of the machine, no number of
// threads, so that the same inputs give the same manifest.

import SafeIO
import TensorCore

/// What a command did to make an artifact.
package struct Provenance: Sendable {
  /// The subcommand, such as `quantize`.
  package var command: String
  /// The arguments that change the bytes, in a fixed order; no output path, no absolute path.
  package var arguments: JSON
  package var inputs: [ProvenanceInput]
  /// Settings as they were resolved: quantization, training configuration.
  package var settings: JSON
  package var seed: Int?
  /// The vector instructions in use, since they decide roundings.
  package var instructionSet: String
  /// The kernels of the library for f32 products, where the command computes any: they decide roundings too.
  package var floatKernels: String?
  /// How products with stored weights round, where the command computes any.
  package var arithmetic: String?
  /// Logs that the command leaves in the artifact.
  package var byproducts: [Byproduct]

  package init(
    command: String, arguments: JSON, inputs: [ProvenanceInput], settings: JSON = .null, seed: Int? = nil,
    instructionSet: String, floatKernels: String? = nil, arithmetic: String? = nil,
    byproducts: [Byproduct] = []
  ) {
    self.command = command
    self.arguments = arguments
    self.inputs = inputs
    self.settings = settings
    self.seed = seed
    self.instructionSet = instructionSet
    self.floatKernels = floatKernels
    self.arithmetic = arithmetic
    self.byproducts = byproducts
  }
}

/// One input of a command, known by its digest.
package struct ProvenanceInput: Sendable, Equatable {
  /// What the digest is taken of.
  package enum Kind: String, Sendable {
    case file
    /// A folder without a manifest: the digest of `Digest.download`.
    case tree
    /// An artifact: its `manifest.json`, which names every file and its own inputs in turn.
    case manifest
  }

  /// What it was used as: `model`, `adapter`, `data`.
  package var role: String
  /// A file's own name; for a folder the role, since the name of a folder changes when it is copied.
  package var name: String
  package var digest: String
  package var kind: Kind
  /// SPDX identifier of the license, where known.
  package var license: String?

  package init(role: String, name: String, digest: String, kind: Kind = .file, license: String? = nil) {
    self.role = role
    self.name = name
    self.digest = digest
    self.kind = kind
    self.license = license
  }

  package static func file(role: String, path: String) throws(Failure) -> ProvenanceInput {
    ProvenanceInput(role: role, name: Files.name(of: path), digest: try Digest.sha256(path: path))
  }

  /// A folder: an artifact is verified first, for its manifest speaks only for the files that it lists.
  /// - Throws: `Failure.badData` when its files are not those of its manifest.
  package static func directory(role: String, path: String) throws(Failure) -> ProvenanceInput {
    let license = try License.find(in: path)
    guard Files.exists("\(path)/\(Manifest.fileName)") else {
      let digest = try Digest.download(path).digest
      return ProvenanceInput(role: role, name: role, digest: digest, kind: .tree, license: license)
    }
    let manifest = try Manifest(directory: path)
    let verification = try manifest.verify(path)
    guard verification.ok else {
      throw .badData(path, "is not what its manifest says: \(verification.summary); see mlt verify \(path)")
    }
    return ProvenanceInput(
      role: role, name: role, digest: manifest.digest, kind: .manifest,
      license: license ?? manifest.inheritedLicense)
  }

  /// A folder, hashed on a thread of its own while `body` makes something of it.
  ///
  /// - Throws: as `directory(role:path:)`, also where `body` stumbles over a damaged file first; what `body` throws. Other
  ///   failures of `body`, such as a full disk, do not wait for the digest.
  package static func directory<R>(
    role: String, path: String, while body: () throws -> R
  ) throws -> (result: R, input: ProvenanceInput) {
    // The hash is one chain and takes longest: it keeps a core for itself.
    let pool = ThreadPool.shared
    let threads = pool.threads
    pool.threads = max(1, threads - 1)
    defer { pool.threads = threads }
    let input = Background { () throws(Failure) in try directory(role: role, path: path) }
    do {
      let result = try body()
      return (result, try input.value())
    } catch let failure as Failure where failure.kind == .badData {
      _ = try input.value()
      throw failure
    }
  }

  /// A model that is a folder or a file, hashed while `body` makes something of it.
  ///
  /// - Throws: as `directory(role:path:while:)`.
  package static func model<R>(path: String, while body: () throws -> R) throws -> (
    result: R, input: ProvenanceInput
  ) {
    guard !Files.isDirectory(path) else { return try directory(role: "model", path: path, while: body) }
    let result = try body()
    return (result, try file(role: "model", path: path))
  }

  /// A file or a folder.
  package static func path(role: String, path: String) throws(Failure) -> ProvenanceInput {
    Files.isDirectory(path) ? try directory(role: role, path: path) : try file(role: role, path: path)
  }

  /// An in-toto resource descriptor.
  var json: JSON {
    var annotations: JSONObject = ["role": .string(role), "digestOf": .string(kind.rawValue)]
    if let license { annotations["license"] = .string(license) }
    return [
      "name": .string(name), "digest": ["sha256": .string(digest)], "annotations": .object(annotations),
    ]
  }
}
