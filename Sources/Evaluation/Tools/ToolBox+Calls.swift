// The tools as a model calls them: by name, with JSON arguments.

import SafeIO

extension ToolBox {
  /// The tools' descriptions in the form that chat templates and endpoints take.
  package static let tools: JSON = [
    function("list_files", "Lists every file of the repository.", parameters: [:], required: []),
    function(
      "read_file", "Returns the beginning of a file.",
      parameters: ["path": ["type": "string", "description": "Path from list_files."]], required: ["path"]),
    function(
      "grep", "Finds lines that hold a fixed text; several texts are separated by |.",
      parameters: [
        "pattern": ["type": "string"], "path": ["type": "string", "description": "Only this file."],
        "ignore_case": ["type": "boolean"],
      ], required: ["pattern"]),
  ]

  /// Answers what a model asked for: `{"result": …}`, or `{"error": …}` that the model may read.
  package func call(_ name: String, arguments: JSON) -> JSON {
    do {
      let fields = try Fields(arguments, source: name)
      switch name {
      case "list_files":
        return ["result": .array(try listFiles().map { .string($0) })]
      case "read_file":
        let excerpt = try readFile(fields.string("path"))
        return ["result": .string(excerpt.text), "truncated": .bool(excerpt.truncated)]
      case "grep":
        let found = try grep(
          fields.string("pattern"), in: fields.optionalString("path"),
          ignoringCase: fields.bool("ignore_case", default: false))
        let lines = found.matches.map { JSON.string("\($0.file):\($0.line): \($0.text)") }
        return ["result": .array(lines), "truncated": .bool(found.truncated)]
      default:
        refuseUnknownTool(name)
        return ["error": .string("there is no tool '\(name)'; there are list_files, read_file and grep")]
      }
    } catch {
      return ["error": .string("\(error)")]
    }
  }

  private static func function(
    _ name: String, _ description: String, parameters: JSON, required: [JSON]
  ) -> JSON {
    [
      "type": "function",
      "function": [
        "name": .string(name), "description": .string(description),
        "parameters": ["type": "object", "properties": parameters, "required": .array(required)],
      ],
    ]
  }
}
