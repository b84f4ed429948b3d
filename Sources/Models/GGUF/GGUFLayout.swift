// A model as a GGUF file would hold it: metadata, tensors, and which weights each of them is made of. Made from the specification;
// and checked by reading it back, so that what GGUF or llama.cpp's architecture can't say of a model is an error.

import SafeIO
import WeightFiles

package struct GGUFLayout {
  /// A tensor and the weights that it is made of, one after the other.
  package struct Tensor {
    package let name: String
    /// Outermost dimension first.
    package fileprivate(set) var shape: [Int]
    package fileprivate(set) var parts: [Part]
  }

  /// A weight in a tensor.
  package struct Part {
    package let parameter: ParameterSpec
    /// For each row of the tensor the row of the weight; nil where they are in the same order.
    package let rows: [Int32]?
    /// What is added to the values.
    package let offset: Float
  }

  /// What `general.architecture` says.
  package let architecture: String
  package let description: GGUFDescription
  package let tensors: [Tensor]
  private let spec: DecoderSpec
  private let reader: GGUFArchitecture

  /// Lays out the weights of a model.
  ///
  /// - Throws: `Failure.badData` for a family that llama.cpp has not.
  package init(_ model: ModelDirectory) throws(Failure) {
    spec = model.spec
    let modelType = model.config["model_type"]?.stringValue ?? ""
    reader = try GGUFArchitecture.of(modelType: modelType, source: model.path)
    architecture = reader.name
    description = spec.ggufMetadata(reader, contextLength: spec.contextLength)
    var tensors: [Tensor] = []
    var places: [String: Int] = [:]
    for placement in spec.ggufPlacements(reader) {
      let part = Part(placement)
      var shape = placement.parameter.shape
      if case .some(_, _, let count) = placement.order { shape[0] = count }
      if let place = places[placement.tensor] {
        tensors[place].parts.append(part)
        continue
      }
      places[placement.tensor] = tensors.count
      // The gate of a shared expert is one row, which llama.cpp wants as a vector.
      let own = shape.count == 2 && shape[0] == 1 ? [shape[1]] : shape
      tensors.append(
        Tensor(
          name: placement.tensor, shape: (placement.expert.map { [$0.count] } ?? []) + own, parts: [part]))
    }
    self.tensors = tensors
  }

  /// Reads back what a file would say, and compares.
  ///
  /// - Parameters:
  ///   - metadata: all of it.
  ///   - entries: all tensors, those of `description.factors` first.
  /// - Throws: `Failure.badData` that names what would be read differently.
  package func check(metadata: [(key: String, value: GGUFField)], entries: [GGUFEntry], source: String)
    throws(Failure)
  {
    var (bytes, size) = GGUFWriter.header(metadata: metadata, entries: entries)
    for (_, values) in description.factors {
      let end = bytes.count + (values.count * 4 + 31) / 32 * 32
      for value in values {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
      }
      bytes += [UInt8](repeating: 0, count: end - bytes.count)
    }
    let file = try GGUFFile(beginning: bytes, path: source, size: size)
    let read = try Families.spec(config: GGUFConfiguration.json(file, reader), source: source).unfused
    for (mine, other) in zip(spec.unfused.summary, read.summary) where !Self.isSame(mine.text, other.text) {
      throw .badData(
        source,
        "GGUF's architecture '\(architecture)' can't say this model's \(mine.part): it would be read as \(other.text), not "
          + mine.text)
    }
  }

  /// Whether two texts are the same but for the last digits of numbers, which went through f32.
  private static func isSame(_ left: String, _ right: String) -> Bool {
    let words = [left, right].map { $0.split(whereSeparator: { " ,;()".contains($0) }) }
    guard words[0].count == words[1].count else { return false }
    return zip(words[0], words[1]).allSatisfy { a, b in
      if a == b { return true }
      guard let x = Double(a), let y = Double(b) else { return false }
      return abs(x - y) <= 1e-5 * max(abs(x), abs(y))
    }
  }
}

extension GGUFLayout.Part {
  fileprivate init(_ placement: GGUFPlacement) {
    parameter = placement.parameter
    offset = placement.offset
    guard placement.order != .same else {
      rows = nil
      return
    }
    if case .some(let first, let step, let count) = placement.order {
      rows = (0..<count).map { Int32(first + $0 * step) }
      return
    }
    var rows = [Int32](repeating: 0, count: placement.parameter.shape[0])
    for row in rows.indices { rows[placement.order.source(row)] = Int32(row) }
    self.rows = rows
  }
}

extension DecoderSpec {
  /// What two specifications of the same computation have in common, in words and numbers.
  fileprivate var summary: [(part: String, text: String)] {
    let sizes =
      "width \(hiddenSize) layers \(blocks.count) vocabulary \(vocabularySize) context \(contextLength) "
      + "tied \(head == nil) head bias \(head?.hasBias ?? false)"
    let epsilons = blocks.map { "\($0.mixerNorm?.epsilon ?? finalNorm.epsilon)" }.joined(separator: " ")
    let normalized = blocks.compactMap { block -> String? in
      guard case .experts(let experts) = block.feedForward else { return nil }
      let routing = experts.routing
      return "\(routing.chosen) of \(routing.scores), normalized \(routing.isNormalized), × \(routing.scale)"
    }
    let clips = blocks.map { $0.attention?.clip.map { "\($0)" } ?? "none" }
    return [
      ("sizes", sizes), ("epsilons of norms", "\(finalNorm.epsilon) \(epsilons)"),
      ("choice of experts", normalized.joined(separator: " ")),
      ("clamping", clips.joined(separator: " ")),
      ("positions", blocks.map { $0.attention?.rotary?.summary ?? "none" }.joined(separator: "; ")),
    ] + words.filter { $0.part != "positions" }.map { ($0.part.replacing("_", with: " "), $0.text) }
  }
}

extension RotarySpec {
  /// What it does to short and long sequences, whatever it is called.
  fileprivate var summary: String {
    let frequencies = [1, 1 << 20].map { length in
      inverseFrequencies(length: length).map { "\($0)" }.joined(separator: " ")
    }
    return "\(layout) × \(scaling.attentionScale), angles \(frequencies.joined(separator: " beyond "))"
  }
}
