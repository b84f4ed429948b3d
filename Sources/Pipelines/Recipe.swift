// A recipe: a YAML file that chains mlt's commands into one run.
//
//     name: small
//     root: ..                       # where paths start: the recipe's folder (., the default) or the one above (..)
//     out: out/small                 # everything is written below it; --out changes it
//     variables:
//       model: data/model            # used as ${model}; --set model=DIR changes it
//     steps:
//       - name: quantize-4
//         run: quantize              # a command of mlt
//         inputs:                    # flags with paths that are read: a step runs again when their content changes
//           model: ${model}
//         with:                      # other flags; true stands for a flag without a value
//           bits: 4
//         outputs:                   # flags with paths that are written
//           out: ${out}/quantize-4
//       - name: promote
//         run: promote
//         on: ${out}/quantize-4      # paths that are read and have no flag
//         inputs: …
//         updates:                   # flags with paths that are changed in place, such as a registry
//           registry: ${out}/registry
//         json: ${out}/promote.json  # adds --json and keeps what the command prints there
//         expect: 1                  # the exit status that is right; 0 unless said
//         show: true                 # what the command prints is shown; otherwise it is only kept

import SafeIO

/// A chain of commands.
package struct Recipe: Sendable {
  /// A path as the recipe writes it, and as it is.
  package struct Path: Sendable, Equatable {
    /// With its variables unfilled: the same wherever inputs lie and the output goes.
    package let template: String
    /// Where it is for this process: variables filled in, from the root on.
    package let location: String
  }

  /// One flag with a path.
  package struct PathFlag: Sendable {
    package let name: String
    package let path: Path
  }

  /// One command.
  package struct Step: Sendable {
    package let name: String
    package let command: String
    /// Paths without a flag.
    package let operands: [Path]
    package let inputs: [PathFlag]
    /// Flags with values, as arguments.
    package let options: [String]
    package let outputs: [PathFlag]
    package let updates: [PathFlag]
    /// Where standard output is kept as JSON.
    package let json: Path?
    /// The exit status that is right.
    package let expected: Int32
    package let isShown: Bool

    /// Every path that is read.
    package var read: [Path] { operands + inputs.map(\.path) }
    /// Every path that is written anew.
    package var written: [Path] { outputs.map(\.path) + (json.map { [$0] } ?? []) }

    /// The command line after `mlt`.
    package var arguments: [String] { arguments(\.location) }

    /// The same wherever files lie: what decides whether the step has changed, beside the files' content.
    var portableArguments: [String] { arguments(\.template) }

    private func arguments(_ text: (Path) -> String) -> [String] {
      let flags = inputs + outputs + updates
      return [command] + operands.map(text) + options + flags.flatMap { ["--\($0.name)", text($0.path)] }
        + (json == nil ? [] : ["--json"])
    }
  }

  package let name: String
  /// The folder that everything is written to.
  package let out: String
  package let steps: [Step]

  /// What the command line changes.
  package struct Settings: Sendable {
    /// Another output folder, from the current folder.
    package var out: String?
    /// Values for variables; paths among them start at the current folder.
    package var variables: [String: String]

    package init(out: String? = nil, variables: [String: String] = [:]) {
      self.out = out
      self.variables = variables
    }
  }

  /// Reads a recipe and checks everything that can be checked before the first step.
  ///
  /// - Parameters:
  ///   - commands: the names that `run` may have.
  ///   - parse: throws when a command line is not one that mlt understands.
  /// - Throws: `Failure` that names the step and the key.
  package init(
    path: String, settings: Settings = Settings(), commands: [String], parse: ([String]) throws -> Void
  ) throws {
    try self.init(
      JSON.readYAML(path: path), source: path, folder: Files.parent(of: path), settings: settings,
      commands: commands)
    for step in steps {
      do {
        try parse(step.arguments)
      } catch {
        throw Failure.badData("\(path): step '\(step.name)'", "\(error)")
      }
    }
    try checkOrder(source: path)
  }

  private init(
    _ json: JSON, source: String, folder: String, settings: Settings, commands: [String]
  ) throws(Failure) {
    let fields = try Fields(json, source: source)
    try fields.rejectUnknown(known: ["name", "root", "out", "variables", "steps"])
    name = try fields.string("name")
    let variables = try Variables(fields, root: Recipe.root(fields, folder: folder), settings: settings)
    out = variables.out
    var steps: [Step] = []
    for (index, element) in try fields.array("steps").enumerated() {
      let place = element["name"]?.stringValue.map { "step '\($0)'" } ?? "step \(index + 1)"
      let reader = StepReader(
        fields: try Fields(element, source: "\(source): \(place)"), variables: variables, commands: commands)
      steps.append(try reader.step())
    }
    guard !steps.isEmpty else { throw fields.complaint("steps", "is empty") }
    self.steps = steps
  }

  private static func root(_ fields: Fields, folder: String) throws(Failure) -> String {
    switch try fields.string("root", default: ".") {
    case ".": return folder
    case "..":
      let name = Files.name(of: folder)
      return name == "." ? ".." : name == ".." ? "\(folder)/.." : Files.parent(of: folder)
    default:
      throw fields.complaint("root", "must be '.', the recipe's folder, or '..', the one above it")
    }
  }
}
