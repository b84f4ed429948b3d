// One step of a recipe, from its YAML.

import SafeIO

/// Reads and checks one step.
struct StepReader {
  let fields: Fields
  let variables: Variables
  let commands: [String]

  func step() throws(Failure) -> Recipe.Step {
    try fields.rejectUnknown(known: [
      "name", "run", "on", "inputs", "with", "outputs", "updates", "json", "expect", "show",
    ])
    let command = try fields.string("run")
    guard commands.contains(command) else {
      throw fields.complaint(
        "run", "'\(command)' is no command of mlt\(Spelling.suggestion(for: command, among: commands))")
    }
    let expected = try fields.int("expect", default: 0)
    guard expected == 0 || expected == 1 else {
      throw fields.complaint("expect", "must be 0, done, or 1, the answer is no")
    }
    return Recipe.Step(
      name: try name(), command: command, operands: try operands(),
      inputs: try flags("inputs", variables.path),
      options: try options(), outputs: try flags("outputs", variables.outputPath),
      updates: try flags("updates", variables.outputPath), json: try json(), expected: Int32(expected),
      isShown: try fields.bool("show", default: false))
  }

  /// The name is a file name too.
  private func name() throws(Failure) -> String {
    let name = try fields.string("name")
    guard name.isPlain(allowing: "-"), 1...64 ~= name.utf8.count else {
      throw fields.complaint("name", "'\(name)' must be lower-case letters, digits and '-', up to 64")
    }
    return name
  }

  private func operands() throws(Failure) -> [Recipe.Path] {
    guard let value = fields.object["on"] else { return [] }
    return try paths(value, "on", variables.path)
  }

  private func json() throws(Failure) -> Recipe.Path? {
    guard let text = try fields.optionalString("json") else { return nil }
    return try variables.outputPath(text) { fields.complaint("json", $0) }
  }

  private func flags(
    _ key: String, _ path: (String, (String) -> Failure) throws(Failure) -> Recipe.Path
  ) throws(Failure) -> [Recipe.PathFlag] {
    var flags: [Recipe.PathFlag] = []
    for (name, value) in try fields.optionalFields(key)?.object ?? [:] {
      try checkFlag(name, key)
      for path in try paths(value, key, path) { flags.append(Recipe.PathFlag(name: name, path: path)) }
    }
    return flags
  }

  /// One path, or a list of them.
  private func paths(
    _ value: JSON, _ key: String, _ path: (String, (String) -> Failure) throws(Failure) -> Recipe.Path
  ) throws(Failure) -> [Recipe.Path] {
    var paths: [Recipe.Path] = []
    for element in value.arrayValue ?? [value] {
      guard let text = element.stringValue else {
        throw fields.complaint(key, "expected a path or a list of paths, found \(element.kindName)")
      }
      paths.append(try path(text) { fields.complaint(key, $0) })
    }
    return paths
  }

  private func options() throws(Failure) -> [String] {
    var options: [String] = []
    for (name, value) in try fields.optionalFields("with")?.object ?? [:] {
      try checkFlag(name, "with")
      for element in value.arrayValue ?? [value] {
        if case .bool(let isSet) = element {
          if isSet { options.append("--\(name)") }
          continue
        }
        guard let text = Variables.text(element) else {
          throw fields.complaint(
            "with", "'\(name)' must be text, a number or true, found \(element.kindName)")
        }
        let expanded = try variables.expand(text) { fields.complaint("with", $0) }
        guard !text.contains("${out}"), Variables.staysInside(text) else {
          throw fields.complaint("with", "'\(name)' is a path: name it in inputs, outputs or updates")
        }
        options += ["--\(name)", expanded]
      }
    }
    return options
  }

  private func checkFlag(_ name: String, _ key: String) throws(Failure) {
    guard name.isPlain(allowing: "-"), !name.isEmpty, !name.hasPrefix("-") else {
      let plain = name.replacing("_", with: "-").drop { $0 == "-" }
      throw fields.complaint(key, "'\(name)' is no flag\(plain == name ? "" : "; write '\(plain)'")")
    }
    // The runner sets these itself, where they are right.
    guard !["json", "overwrite", "quiet", "help"].contains(name), key == "outputs" || name != "out" else {
      throw fields.complaint(
        key, "'\(name)' can't be set here\(name == "out" ? "; outputs is its place" : "")")
    }
  }
}
