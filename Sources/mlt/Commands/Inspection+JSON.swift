// The form of `mlt inspect --json`.

import Registry
import SafeIO
import WeightFiles

extension Inspection {
  var json: JSON {
    var record: JSONObject = ["version": 1, "path": .string(path), "kind": .string(kind.rawValue)]
    for (key, value) in facts where !key.hasPrefix("metadata.") { record[key] = value }
    if let weights {
      record["metadata"] = .object(
        facts.reduce(into: JSONObject()) { metadata, fact in
          if fact.key.hasPrefix("metadata.") { metadata[String(fact.key.dropFirst(9))] = fact.value }
        })
      record["dtypes"] = .object(
        weights.types.reduce(into: JSONObject()) {
          $0[$1.type] = ["tensors": .integer($1.tensors), "bytes": .integer($1.bytes)]
        })
      record["tensors"] = .array(weights.entries.map(Self.json))
    }
    record["provenance"] = provenance.map(Self.json) ?? .null
    record["notes"] = .array(notes.map(JSON.string))
    return .object(record)
  }

  private static func json(_ entry: WeightSummary.Entry) -> JSON {
    [
      "name": .string(entry.name), "dtype": .string(entry.type),
      "shape": .array(entry.shape.map(JSON.integer)), "bytes": .integer(entry.byteCount),
    ]
  }

  private static func json(_ manifest: Manifest) -> JSON {
    let definition = manifest.statement["predicate"]?["buildDefinition"]
    let inputs = manifest.inputs.map { input -> JSON in
      ["role": .string(input.role), "name": .string(input.name), "sha256": .string(input.digest)]
    }
    return [
      "manifest_digest": .string(manifest.digest), "command": .string(manifest.command),
      "arguments": definition?["externalParameters"]?["arguments"] ?? .null,
      "settings": definition?["internalParameters"] ?? .null, "inputs": .array(inputs),
      "files": .integer(manifest.files.count),
    ]
  }
}
