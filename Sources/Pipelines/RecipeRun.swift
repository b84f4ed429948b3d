// Runs a recipe: step by step, each in a process of its own, skipping what has not changed.
//
// A step is skipped when mlt itself, the step's arguments and the content of everything it reads are as they were,
// and what it wrote is still there, unchanged. A step that changes something in place (a registry) also runs when
// that thing is gone or was changed by an earlier step of this run, so that a run always ends in the same state.

import Registry
import SafeIO

/// One run of a recipe.
package final class RecipeRun {
  private let recipe: Recipe
  private let executable: String
  private let isQuiet: Bool
  private let folder: String
  private let lock: FileLock
  private var state: RunState
  /// Digests that were taken in this run, by location.
  private var digests: [String: String] = [:]
  /// Paths that steps of this run changed in place.
  private var updated: Set<String> = []

  /// - Parameters:
  ///   - executable: the mlt binary.
  ///   - isQuiet: whether what steps write to standard error is kept to ourselves.
  ///   - waiting: called when another run, or a step of one that was killed, still uses the output folder.
  package init(
    _ recipe: Recipe, executable: String, isQuiet: Bool, waiting: () -> Void
  ) throws(Failure) {
    self.recipe = recipe
    self.executable = executable
    self.isQuiet = isQuiet
    folder = "\(recipe.out)/.steps"
    try Files.makeDirectory(folder)
    lock = try FileLock(path: "\(folder)/lock", waiting: waiting)
    state = try RunState(path: "\(folder)/state.json")
    let names = Set(recipe.steps.map(\.name))
    state.steps = state.steps.filter { names.contains($0.key) }
  }

  /// Runs the steps in order.
  ///
  /// - Parameters:
  ///   - force: whether every step runs.
  ///   - first: the name of a step that runs whatever has changed, and all after it.
  ///   - begin: called before a step runs, with its number.
  ///   - end: called after each step.
  /// - Throws: `Failure` of the first step that ends otherwise than expected, with that step's exit status.
  package func run(
    force: Bool, from first: String?, begin: (Int, Recipe.Step) -> Void, end: (StepReport) -> Void
  ) throws(Failure) {
    if let first, !recipe.steps.contains(where: { $0.name == first }) {
      let known = recipe.steps.map(\.name)
      throw .usage("the recipe has no step '\(first)'\(Spelling.suggestion(for: first, among: known))")
    }
    let tool = try Digest.sha256(path: executable)
    var isForced = force
    for (index, step) in recipe.steps.enumerated() {
      try Interruption.check()
      isForced = isForced || step.name == first
      let inputs = try digests(of: step.read)
      let reason = isForced ? "asked for" : try change(in: step, tool: tool, inputs: inputs)
      guard let reason else {
        end(report(index, .skipped, "unchanged", state.steps[step.name]))
        continue
      }
      begin(index + 1, step)
      let begun = StepState(tool: tool, arguments: step.portableArguments, inputs: inputs)
      let goesOn = !isForced && isResumable(step, begun)
      state.steps[step.name] = begun
      try state.save()
      let result = try execute(step, begun, resuming: goesOn)
      updated.formUnion(step.updates.map { $0.path.location })
      if let failure = result.failure {
        end(report(index, .failed, failure.message, result.state))
        throw failure
      }
      state.steps[step.name] = result.state
      try state.save()
      end(report(index, .done, reason, result.state))
    }
  }

  // MARK: Has it changed?

  /// Why a step must run; nil when it need not.
  private func change(
    in step: Recipe.Step, tool: String, inputs: [String: String]
  ) throws(Failure) -> String? {
    guard let last = state.steps[step.name], last.isFinished else { return StepReport.firstTime }
    if last.status != step.expected { return "its expected status changed" }
    if let change = last.change(tool: tool, arguments: step.portableArguments, inputs: inputs) {
      return change
    }
    for path in step.written {
      guard let digest = last.outputs[path.template] else {
        if Files.exists(path.location) { return "\(path.template) changed" }
        continue
      }
      guard Files.exists(path.location) else { return "\(path.template) is gone" }
      if try self.digest(path) != digest { return "\(path.template) changed" }
    }
    for flag in step.updates {
      guard Files.exists(flag.path.location) else { return "\(flag.path.template) is gone" }
      if updated.contains(flag.path.location) { return "\(flag.path.template) was changed by a step before" }
    }
    return nil
  }

  private func digests(of paths: [Recipe.Path]) throws(Failure) -> [String: String] {
    var digests: [String: String] = [:]
    for path in paths { digests[path.template] = try digest(path) }
    return digests
  }

  private func digest(_ path: Recipe.Path) throws(Failure) -> String {
    if let known = digests[path.location] { return known }
    let digest = try Digest.path(path.location)
    digests[path.location] = digest
    return digest
  }

  // MARK: Running

  /// Whether a step that was cut off can go on where it stopped: fine-tuning can, from its newest checkpoint to the
  /// same bytes, as long as everything it depends on is as it was.
  private func isResumable(_ step: Recipe.Step, _ now: StepState) -> Bool {
    guard step.command == "lora", let last = state.steps[step.name], !last.isFinished,
      let out = step.outputs.first(where: { $0.name == "out" })?.path.location,
      Files.exists("\(out)/run.json"), !Files.exists("\(out)/\(Manifest.fileName)")
    else { return false }
    return last.change(tool: now.tool, arguments: now.arguments, inputs: now.inputs) == nil
  }

  private func execute(
    _ step: Recipe.Step, _ begun: StepState, resuming: Bool
  ) throws(Failure) -> (state: StepState, failure: Failure?) {
    for path in step.written {
      try Files.makeDirectory(Files.parent(of: path.location))
      digests = digests.filter { !Recipe.overlap($0.key, path.location) }
    }
    let replaces = step.outputs.contains { $0.name == "out" && Files.exists($0.path.location) }
    let start = ContinuousClock.now
    let ending = try ChildProcess(
      executable: executable,
      arguments: step.arguments + (replaces ? [resuming ? "--resume" : "--overwrite"] : []),
      outputPath: outputPath(step), isShown: !isQuiet, lock: lock
    ).run()
    var result = begun
    result.status = ending.status ?? -1
    result.seconds = ((ContinuousClock.now - start) / .milliseconds(1)).rounded() / 1000
    result.peakMemory = ending.peakMemory
    if let failure = failure(of: step, ending) { return (result, failure) }
    if let json = step.json {
      try Files.writeAtomically(Files.read(path: outputPath(step)), to: json.location)
    }
    for path in step.written {
      if Files.exists(path.location) {
        result.outputs[path.template] = try digest(path)
      } else if step.expected == 0 {
        return (result, .badData("step '\(step.name)'", "ended well, but did not write \(path.location)"))
      }
    }
    return (result, nil)
  }

  /// What is wrong with the way a step ended.
  private func failure(of step: Recipe.Step, _ ending: ChildProcess.Ending) -> Failure? {
    let last = ending.lastWords.split(whereSeparator: \.isNewline).last
    let words = last.map { ": \($0.trimmingPrefix("mlt: "))" } ?? ""
    guard let status = ending.status else {
      let hint = ending.signal == 9 ? ", perhaps for want of memory" : ""
      return .fault("step '\(step.name)' was ended by signal \(ending.signal ?? 0)\(hint)\(words)")
    }
    if status == step.expected { return nil }
    if status == 0 {
      return .refused("step '\(step.name)' should have been refused (status 1), but went through")
    }
    return Failure(
      Failure.Kind(rawValue: status) ?? .fault, "step '\(step.name)' ended with status \(status)\(words)")
  }

  private func outputPath(_ step: Recipe.Step) -> String { "\(folder)/\(step.name).out" }

  private func report(
    _ index: Int, _ outcome: StepReport.Outcome, _ reason: String, _ state: StepState?
  ) -> StepReport {
    let step = recipe.steps[index]
    return StepReport(
      number: index + 1, of: recipe.steps.count, step: step, outcome: outcome, reason: reason,
      status: state?.status, seconds: state?.seconds ?? 0, peakMemory: state?.peakMemory ?? 0,
      outputPath: outputPath(step))
  }
}
