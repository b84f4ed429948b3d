// Where a run stands between two optimizer steps: weights, the optimizer's moments and three numbers. All else that
// the next step depends on is a function of the configuration, so resuming gives the bytes of a run never stopped.

import SafeIO
import TensorCore
import WeightFiles

/// The position of a run, beside its weights.
package struct TrainingPosition: Sendable, Equatable {
  /// Optimizer steps done.
  package var step = 0
  /// Rows read, counted over all epochs: the place in `BatchPlan`.
  package var cursor = 0
  /// Tokens learned so far, counted each time.
  package var trainedTokens = 0

  package init() {}
}

/// The checkpoint folders of a run, `checkpoints/step-000010`.
package struct Checkpoints: Sendable {
  /// How many are kept; older ones are removed when a new one is whole.
  package static let kept = 3
  private static let stateFile = "state.json"
  private static let tensorsFile = "state.safetensors"

  private let folder: String

  package init(of run: RunDirectory) { folder = "\(run.path)/\(RunDirectory.checkpointsFolder)" }

  /// The folder of the newest checkpoint of at most `step` steps, nil when there is none.
  package func newest(atMost step: Int = .max) throws(Failure) -> String? {
    try all().last { $0.step <= step }.map { "\(folder)/\($0.name)" }
  }

  /// Writes a checkpoint, whole or not at all, then removes the oldest beyond those kept.
  ///
  /// - Returns: its folder.
  @discardableResult
  package func save(
    _ position: TrainingPosition, _ trainee: any Trainee, _ optimizer: Optimizer
  ) throws -> String {
    let digits = String(position.step)
    let name = "step-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    try OutputDirectory.create(at: "\(folder)/\(name)", overwrite: true) { staging in
      try SafetensorsWriter.write(
        path: "\(staging)/\(Self.tensorsFile)",
        tensors: tensors(trainee, optimizer).map { ($0.name, $0.tensor.detached()) })
      try trainee.writeSnapshot(into: staging)
      let state: JSON = [
        "format_version": 1, "step": .integer(position.step), "cursor": .integer(position.cursor),
        "trained_tokens": .integer(position.trainedTokens), "optimizer_steps": .integer(optimizer.steps),
      ]
      try Files.writeAtomically(state.text(.pretty(indent: 2)) + "\n", to: "\(staging)/\(Self.stateFile)")
    }
    for old in try all().dropLast(Self.kept) { try Files.removeTree("\(folder)/\(old.name)") }
    return "\(folder)/\(name)"
  }

  /// Puts the state of a checkpoint into the weights and the optimizer.
  /// - Throws: `Failure.badData` when the checkpoint is not one of this run.
  package func load(_ path: String, _ trainee: any Trainee, _ optimizer: Optimizer) throws -> TrainingPosition
  {
    let state = try Fields(JSON.read(path: "\(path)/\(Self.stateFile)"), source: "\(path)/\(Self.stateFile)")
    guard try state.int("format_version") == 1 else {
      throw state.complaint("format_version", "only version 1 can be resumed")
    }
    let file = try SafetensorsFile(path: "\(path)/\(Self.tensorsFile)")
    for (name, target) in tensors(trainee, optimizer) {
      let source = try file.tensor(name)
      guard source.shape == target.shape, source.dtype == .f32 else {
        throw Failure.badData(
          "\(file.path): tensor '\(name)'", "expected f32 \(target.shape), found \(source)")
      }
      source.withBytes { bytes in target.withMutableBytes { $0.copyMemory(from: bytes) } }
    }
    var position = TrainingPosition()
    position.step = try state.int("step")
    position.cursor = try state.int("cursor")
    position.trainedTokens = try state.int("trained_tokens")
    optimizer.steps = try state.int("optimizer_steps")
    guard position.step >= 0, position.cursor >= 0, optimizer.steps >= 0 else {
      throw Failure.badData(state.source, "has a negative step or cursor")
    }
    return position
  }

  /// Everything that a step changes, named for the file.
  private func tensors(_ trainee: any Trainee, _ optimizer: Optimizer) -> [(name: String, tensor: Tensor)] {
    let parameters = trainee.parameters
    return parameters.map { (name: "parameter.\($0.name)", tensor: $0.value) }
      + zip(parameters, optimizer.moments).flatMap { parameter, moments in
        [
          (name: "mean.\(parameter.name)", tensor: moments.mean),
          (name: "square.\(parameter.name)", tensor: moments.square),
        ]
      }
  }

  /// The checkpoints that are whole, oldest first.
  private func all() throws(Failure) -> [(step: Int, name: String)] {
    guard Files.isDirectory(folder) else { return [] }
    var found: [(step: Int, name: String)] = []
    for name in try Files.list(folder) where name.hasPrefix("step-") {
      if let step = Int(name.dropFirst(5)) { found.append((step, name)) }
    }
    return found.sorted { $0.step < $1.step }
  }
}
