// The variables of a recipe, and the rule about paths: what a recipe writes itself stays below its root and, for
// outputs, below `${out}`. Only the person who runs it may point elsewhere, on the command line.

import SafeIO

/// Names that stand for text in a recipe.
struct Variables: Sendable {
  /// The folder that `${out}` stands for.
  let out: String
  private let root: String
  private let values: [String: String]
  /// Variables whose paths start at the current folder, since the command line gave them.
  private let given: Set<String>

  init(_ fields: Fields, root: String, settings: Recipe.Settings) throws(Failure) {
    var values: [String: String] = [:]
    let declared = try fields.optionalFields("variables")
    for (name, value) in declared?.object ?? [:] {
      guard name != "out" else { throw fields.complaint("variables", "'out' is a key of its own") }
      guard let text = Variables.text(value) else {
        throw fields.complaint("variables", "'\(name)' must be text or a number, found \(value.kindName)")
      }
      guard Variables.staysInside(text) else {
        throw fields.complaint(
          "variables", "'\(name)' leaves the root; use --set \(name)=… for a path elsewhere")
      }
      values[name] = text
    }
    for name in settings.variables.keys.sorted() where values[name] == nil {
      let known = values.keys.sorted()
      throw .usage(
        "the recipe has no variable '\(name)' to set\(Spelling.suggestion(for: name, among: known))")
    }
    values.merge(settings.variables) { $1 }
    let own = try fields.string("out")
    guard !own.isEmpty, Variables.staysInside(own) else {
      throw fields.complaint("out", "leaves the root; use --out for a folder elsewhere")
    }
    out = settings.out ?? Variables.join(root, own)
    self.root = root
    self.values = values
    given = Set(settings.variables.keys)
  }

  /// The text of a scalar as a command line has it.
  static func text(_ value: JSON) -> String? {
    switch value {
    case .string(let text): text
    case .integer, .bigInteger, .double: value.text()
    default: nil
    }
  }

  /// Fills in every variable.
  func expand(_ text: String, _ complaint: (String) -> Failure) throws(Failure) -> String {
    try pieces(text, complaint).map(\.text).joined()
  }

  /// A path, which must not leave the root by its own text.
  func path(_ text: String, _ complaint: (String) -> Failure) throws(Failure) -> Recipe.Path {
    guard !text.isEmpty, Variables.staysInside(text) else {
      throw complaint("'\(text)' leaves the root; paths are relative and have no '..'")
    }
    let pieces = try pieces(text, complaint)
    let location = pieces.map(\.text).joined()
    let startsElsewhere = pieces.first?.name.map { $0 == "out" || given.contains($0) } ?? false
    return Recipe.Path(
      template: text, location: startsElsewhere ? location : Variables.join(root, location))
  }

  /// A path that is written, which must lie below `${out}`.
  func outputPath(_ text: String, _ complaint: (String) -> Failure) throws(Failure) -> Recipe.Path {
    guard text.hasPrefix("${out}/") else { throw complaint("'\(text)' must begin with ${out}/") }
    return try path(text, complaint)
  }

  /// Whether a path stays in the folder it starts from.
  static func staysInside(_ text: String) -> Bool {
    !text.hasPrefix("/") && !text.split(separator: "/").contains("..") && !text.unicodeScalars.contains("\0")
  }

  /// The text cut at its variables, these filled in.
  private func pieces(
    _ text: String, _ complaint: (String) -> Failure
  ) throws(Failure) -> [(name: String?, text: String)] {
    var pieces: [(name: String?, text: String)] = []
    // Each `${` begins a part; what stands before the first belongs to none.
    for (index, part) in text.split(separator: "${", omittingEmptySubsequences: false).enumerated() {
      guard index > 0 else {
        if !part.isEmpty { pieces.append((nil, String(part))) }
        continue
      }
      guard let end = part.firstIndex(of: "}") else { throw complaint("'\(text)': a '${' has no '}'") }
      let name = String(part[..<end])
      guard let value = name == "out" ? out : values[name] else {
        let known = values.keys.sorted() + ["out"]
        throw complaint("'${\(name)}' is not known\(Spelling.suggestion(for: name, among: known))")
      }
      pieces.append((name, value))
      let rest = part[part.index(after: end)...]
      if !rest.isEmpty { pieces.append((nil, String(rest))) }
    }
    return pieces
  }

  private static func join(_ root: String, _ path: String) -> String {
    root == "." ? path : "\(root)/\(path)"
  }
}
