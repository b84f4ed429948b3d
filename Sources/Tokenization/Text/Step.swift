// How a step of tokenizer.json is made from its JSON: a table from the name in `type` to an initializer. Adding a
// step is a file for it and a line in the table of its family.

import SafeIO

/// The steps of one family (normalizers, pre-tokenizers, …) by the name in `type`.
struct StepTable<Step> {
  /// The family in words, for errors.
  let family: String
  let makers: [String: (Fields) throws(Failure) -> Step]

  /// Makes the step that `json` describes; nil for null.
  /// - Throws: `Failure.badData` that names a step which is not supported.
  func make(_ json: JSON?, source: String) throws(Failure) -> Step? {
    guard let json, !json.isNull else { return nil }
    let fields = try Fields(json, source: source)
    let type = try fields.string("type")
    guard let maker = makers[type] else {
      throw .badData(
        source,
        "the \(family) '\(type)' is not supported; supported: \(makers.keys.sorted().joined(separator: ", "))"
      )
    }
    return try maker(Fields(json, source: "\(source): \(family) \(type)"))
  }

  /// Makes the steps in the array under `key`.
  func makeAll(_ fields: Fields, _ key: String) throws(Failure) -> [Step] {
    var steps: [Step] = []
    for json in try fields.array(key) {
      if let step = try make(json, source: fields.source) { steps.append(step) }
    }
    return steps
  }
}
