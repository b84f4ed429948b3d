// mlt inspect: what a file or folder is, without computing anything.

import ArgumentParser
import Registry
import SafeIO
import WeightFiles

/// The command `mlt inspect`.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a model, adapter or weight file is.",
    discussion: """
      Sizes, types, parameters, bits per weight, quantization, and how it was made. Nothing is verified: that is the \
      work of mlt verify.

      EXAMPLE
        mlt inspect base-4bit
        mlt inspect adapter/adapter_model.safetensors --json
        mlt inspect model.gguf
      """)

  @Argument(help: "A model, adapter or checkpoint folder, a weight or GGUF file, or a manifest.")
  var path: String

  @OptionGroup var common: CommonOptions

  func run() throws {
    let inspection = try Inspection(path: path)
    if common.json {
      Console.print(json: inspection.json)
    } else {
      Console.print(Console.clean(text(inspection)))
    }
  }

  private func text(_ inspection: Inspection) -> String {
    var sections = [
      ([("", inspection.kind.rawValue)] + inspection.facts.map { ($0.key, Self.text($0.value)) })
        .map { $0.0.isEmpty ? "\(path): \($0.1)" : "  \(Self.words($0.0)): \($0.1)" }.joined(separator: "\n")
    ]
    if let weights = inspection.weights, !weights.entries.isEmpty {
      let rows = weights.groups.map { group in
        [
          group.pattern, "\(group.count)", group.type, "\(group.shape)",
          Words.bytes(group.bytes),
        ]
      }
      sections.append(Console.table(["tensors", "number", "type", "shape", "size"], rows))
    }
    if let provenance = inspection.provenance {
      let inputs = provenance.inputs.map {
        "\n    \($0.role) \($0.name) \($0.kind.rawValue) sha256:\($0.digest)"
      }
      sections.append(
        "made by mlt \(provenance.command), manifest sha256:\(provenance.digest), \(provenance.files.count) files"
          + (inputs.isEmpty ? "" : "\n  from" + inputs.joined()))
    }
    sections += inspection.notes.map { "note: \($0)" }
    return sections.joined(separator: "\n\n")
  }

  /// `bits_per_weight` as a person reads it.
  private static func words(_ key: String) -> String {
    String(key.map { $0 == "_" ? " " : $0 })
  }

  private static func text(_ value: JSON) -> String {
    switch value {
    case .string(let text): text
    // What three places would not show is written out.
    case .double(let number): number != 0 && abs(number) < 0.001 ? "\(number)" : Words.fixed(number, 3)
    case .bool(let flag): flag ? "yes" : "no"
    case .null: "none"
    default: value.text(.python)
    }
  }
}
