// Artifacts, records and policies that the tests of this target work on.

import Registry
import SafeIO
import TestSupport

enum Sample {
  static let provenance = Provenance(
    command: "quantize", arguments: ["bits": 4, "group-size": 64],
    inputs: [
      ProvenanceInput(
        role: "model", name: "model", digest: Digest.sha256("base"), kind: .manifest, license: "apache-2.0")
    ], settings: ["mode": "affine"], seed: 7, instructionSet: "avx2",
    floatKernels: "Haswell")

  /// A sealed folder of three files.
  @discardableResult
  static func artifact(_ scratch: Scratch, _ name: String = "artifact", weights: String = "weights") throws
    -> String
  {
    try scratch.write("{}", "\(name)/config.json")
    try scratch.write(weights, "\(name)/model.safetensors")
    try scratch.write("a note", "\(name)/notes/readme.txt")
    try Manifest.seal("\(scratch.path)/\(name)", provenance)
    return "\(scratch.path)/\(name)"
  }

  static let suite = Digest.sha256("suite")

  /// A record of twelve fixtures of three kinds, of which the first `failed` did not pass.
  static func record(
    _ artifact: String, failed: Int = 0, metrics: JSONObject = ["perplexity_ratio": 1.01],
    changing: JSONObject = [:]
  ) -> JSON {
    let kinds = ["bug", "noisy-logs", "injection"]
    var record: JSONObject = [
      "version": 1, "artifact": ["manifest_digest": .string(artifact), "name": "sample"],
      "reference": ["manifest_digest": .string(Digest.sha256("base"))],
      "suite": ["name": "core", "digest": .string(suite), "fixtures": 12], "strategy": "local",
      "metrics": .object(metrics),
      "fixtures": .array(
        (0..<12).map { index in
          [
            "name": .string("fixture-\(index)"), "kind": .string(kinds[index % 3]),
            "passed": .bool(index >= failed),
          ]
        }),
    ]
    for (key, value) in changing { record[key] = value }
    return .object(record)
  }

  static let policy = """
    version: 1
    name: test
    suite_digest: \(suite)
    minimum_fixtures: 12
    rules:
      - metric: fixtures.pass_rate
        min: 0.75
      - metric: perplexity_ratio
        max: 1.05
      - metric: perplexity_ratio
        max: 1.02
        severity: review
    compare:
      significance: 0.05
    """
}

extension Result where Failure == any Error {
  /// The failure of the project inside.
  var failure: SafeIO.Failure? {
    if case .failure(let error) = self { error as? SafeIO.Failure } else { nil }
  }
}

/// The failure that `body` throws.
func failure(of body: () throws -> Void) -> Failure? { Result(catching: body).failure }
