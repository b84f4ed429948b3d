// What quantize and convert print.

import Models
import Quantization
import SafeIO
import TensorCore

extension RewriteReport {
  /// Version of the JSON form.
  private static let version = 1

  /// Prints the outcome of a command: JSON, or words with a table of the matrices that were quantized.
  func print(out: String, duration: Duration, as options: CommonOptions) {
    let seconds = duration / .seconds(1)
    if options.json {
      let heading: JSONObject = ["version": .integer(RewriteReport.version), "out": .string(out)]
      var object = heading.merging(json)
      object["seconds"] = .double(seconds)
      Console.print(json: .object(object))
      return
    }
    if error != nil {
      Console.print(
        Console.table(["matrix", "shape", "stored as", "bits/weight", "error"], matrices.map(\.cells)))
      Console.print("")
    }
    let total = error.map { ", relative error \(Words.fixed($0.relative * 100, 2)) %" } ?? ""
    Console.print(
      "\(out): \(Words.bytes(byteCount)), \(parameterCount) weights, \(Words.fixed(bitsPerWeight, 3)) bits per weight"
        + "\(total), \(Words.seconds(seconds))")
    guard !options.quiet else { return }
    let kept = matrices.filter { $0.storage.isFloats }
    if error != nil, !kept.isEmpty {
      Console.note("kept as floats, since their rows are no whole groups: \(Self.list(kept.map(\.path)))")
    }
    if !expanded.isEmpty {
      Console.note(
        "made floats, since no format of MLX has their grid: \(Self.list(expanded)); 16 bits round them as the tools do that "
          + "run such models, --dtype float32 keeps every bit")
    }
    if !dropped.isEmpty {
      Console.note("not taken over, since the model does not use them: \(Self.list(dropped))")
    }
    if !unknown.isEmpty {
      Console.note("unknown among these, is config.json the right one? \(Self.list(unknown))")
    }
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(8).joined(separator: ", ") + (names.count > 8 ? " and \(names.count - 8) more" : "")
  }
}

extension MatrixReport.Storage {
  fileprivate var isFloats: Bool { if case .floats = self { true } else { false } }
}

extension MatrixReport {
  fileprivate var cells: [String] {
    let stored =
      switch storage {
      case .quantized(let setting): setting.words
      case .floats(let type): type.configName
      case .blocks(let format): format.rawValue
      }
    return [
      Console.clean(path), "\(rows) × \(columns)", stored, Words.fixed(bitsPerWeight, 2),
      error.map { "\(Words.fixed($0.relative * 100, 3)) %" } ?? "–",
    ]
  }
}
