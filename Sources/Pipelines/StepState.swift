// What a run remembers of its steps, so that the next one can tell what has not changed.

import Registry
import SafeIO

/// A step: what it was made from and, once it is finished, what it made and what it cost.
package struct StepState: Sendable, Equatable {
  /// The digest of the mlt binary.
  var tool: String
  /// The command line, paths with their variables unfilled.
  var arguments: [String]
  /// Digests of what was read, by the path as the recipe writes it.
  var inputs: [String: String]
  /// Digests of what was written.
  var outputs: [String: String] = [:]
  package var status = StepState.unfinished
  package var seconds = 0.0
  package var peakMemory = 0

  /// The status of a step that began and was not seen to end; no process has it.
  private static let unfinished: Int32 = -1

  var isFinished: Bool { status != StepState.unfinished }

  /// Why a step with the fingerprint `now` must run again; nil when nothing it depends on has changed.
  func change(tool: String, arguments: [String], inputs: [String: String]) -> String? {
    if tool != self.tool { return "mlt changed" }
    if arguments != self.arguments { return "its arguments changed" }
    for path in inputs.keys.sorted() where inputs[path] != self.inputs[path] { return "\(path) changed" }
    return nil
  }

  var json: JSON {
    [
      "tool": .string(tool), "arguments": .array(arguments.map(JSON.string)), "inputs": JSON(inputs),
      "outputs": JSON(outputs), "status": .integer(Int(status)), "seconds": .double(seconds),
      "peak_memory_bytes": .integer(peakMemory),
    ]
  }

  /// A step that begins.
  init(tool: String, arguments: [String], inputs: [String: String]) {
    self.tool = tool
    self.arguments = arguments
    self.inputs = inputs
  }

  init(_ fields: Fields) throws(Failure) {
    tool = try fields.string("tool")
    arguments = try fields.strings("arguments")
    inputs = try fields.fields("inputs").texts()
    outputs = try fields.fields("outputs").texts()
    status = try Int32(clamping: fields.int("status"))
    seconds = try fields.double("seconds")
    peakMemory = try fields.int("peak_memory_bytes")
  }
}

/// The remembered steps of a run, in `OUT/.steps/state.json`.
struct RunState {
  var steps: [String: StepState] = [:]
  let path: String

  /// Reads what the last run left; a file of another version is as good as none, so every step runs again.
  init(path: String) throws(Failure) {
    self.path = path
    guard Files.exists(path) else { return }
    let fields = try Fields(JSON.read(path: path, limit: 16 << 20), source: path)
    guard try fields.int("version") == 1 else { return }
    for (name, value) in try fields.fields("steps").object {
      steps[name] = try StepState(Fields(value, source: "\(path): step '\(name)'"))
    }
  }

  /// Puts the state on disk, whole or not at all.
  func save() throws(Failure) {
    var members = JSONObject()
    for name in steps.keys.sorted() { members[name] = steps[name]?.json }
    let state: JSON = ["version": 1, "steps": .object(members)]
    try Files.writeAtomically(state.text(.pretty(indent: 2)) + "\n", to: path)
  }
}

extension JSON {
  /// An object of strings, by key.
  fileprivate init(_ texts: [String: String]) {
    var object = JSONObject()
    for key in texts.keys.sorted() { object[key] = texts[key].map(JSON.string) }
    self = .object(object)
  }
}

extension Fields {
  /// All members as strings.
  fileprivate func texts() throws(Failure) -> [String: String] {
    var texts: [String: String] = [:]
    for key in object.keys { texts[key] = try string(key) }
    return texts
  }
}
