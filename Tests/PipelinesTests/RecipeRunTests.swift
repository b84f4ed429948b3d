// Running recipes with a stand-in for mlt: a shell script that copies, fails or hangs as it is told.

import Foundation
import Pipelines
import SafeIO
import TestSupport
import Testing

@Suite struct RecipeRunTests {
  let scratch: Scratch
  private var tool: String { scratch.path + "/tool" }
  private var out: String { scratch.path + "/out" }

  init() throws {
    scratch = try Scratch()
    try scratch.write("first", "data/text")
    try scratch.write(
      """
      #!/bin/sh
      # tool copy --from FILE --to FILE | update --registry FILE | fail STATUS | die | lora --out FOLDER
      command=$1; shift
      while [ $# -gt 0 ]; do case $1 in
        --from) from=$2; shift;; --to) to=$2; shift;; --registry) registry=$2; shift;; --status) status=$2; shift;;
        --out) out=$2; shift;; --resume|--overwrite) mode=$1;;
      esac; shift; done
      case $command in
        copy) cat "$from" > "$to"; echo "{\\"copied\\": true}";;
        update) echo x >> "$registry";;
        fail) echo 'mlt: it is broken' >&2; exit "$status";;
        die) kill -9 $$;;
        # Stops half-way when it begins, and tells how it was called when it goes on.
        lora) if [ ! -d "$out" ]; then mkdir "$out"; touch "$out/run.json"; exit 74; fi
          echo "$mode" > "$out/mode"; touch "$out/manifest.json";;
      esac
      """, "tool")
    chmod(tool, 0o755)
  }

  private static let chain = """
    - {name: one, run: copy, inputs: {from: data/text}, outputs: {to: '${out}/one'}, json: '${out}/one.json'}
    - {name: two, run: copy, inputs: {from: '${out}/one'}, outputs: {to: '${out}/two'}}
    """

  /// Runs the steps and gives what became of each, such as `one done`.
  @discardableResult
  private func run(_ steps: String, force: Bool = false, from first: String? = nil) throws -> [String] {
    let path = try scratch.write("name: test\nout: out\nsteps:\n\(steps)", "recipe.yaml")
    let recipe = try Recipe(path: path, commands: ["copy", "update", "fail", "die", "lora"]) { _ in }
    var outcomes: [String] = []
    try RecipeRun(recipe, executable: tool, isQuiet: true) {}.run(force: force, from: first) { _, _ in
    } end: { report in
      let change = report.change.map { ": \($0)" } ?? ""
      outcomes.append("\(report.step.name) \(report.outcome.rawValue)\(change)")
    }
    return outcomes
  }

  @Test func `a second run skips every step`() throws {
    #expect(try run(RecipeRunTests.chain) == ["one done", "two done"])
    #expect(try Files.readText(path: out + "/two") == "first")
    #expect(try JSON.read(path: out + "/one.json") == ["copied": true])
    #expect(try run(RecipeRunTests.chain) == ["one skipped", "two skipped"])
  }

  @Test func `a changed input runs what depends on it`() throws {
    try run(RecipeRunTests.chain)
    try scratch.write("second", "data/text")
    #expect(
      try run(RecipeRunTests.chain) == ["one done: data/text changed", "two done: ${out}/one changed"])
    #expect(try Files.readText(path: out + "/two") == "second")
  }

  @Test func `an input that was only touched changes nothing`() throws {
    try run(RecipeRunTests.chain)
    try scratch.write("first", "data/text")
    #expect(try run(RecipeRunTests.chain) == ["one skipped", "two skipped"])
  }

  @Test func `a lost or changed output is made again, and no more than that`() throws {
    try run(RecipeRunTests.chain)
    try Files.removeTree(out + "/one")
    #expect(try run(RecipeRunTests.chain) == ["one done: ${out}/one is gone", "two skipped"])
    try scratch.write("edited", "out/two")
    #expect(try run(RecipeRunTests.chain) == ["one skipped", "two done: ${out}/two changed"])
  }

  @Test func `changed arguments, a changed mlt, --from and --force run steps`() throws {
    try run(RecipeRunTests.chain)
    let changed = RecipeRunTests.chain.replacing("name: two,", with: "name: two, with: {status: 3},")
    #expect(try run(changed) == ["one skipped", "two done: its arguments changed"])
    #expect(try run(changed, from: "two") == ["one skipped", "two done: asked for"])
    #expect(try run(changed, force: true) == ["one done: asked for", "two done: asked for"])
    try Files.writeAtomically(Files.readText(path: tool) + "\n", to: tool)
    chmod(tool, 0o755)
    #expect(try run(changed) == ["one done: mlt changed", "two done: mlt changed"])
    let error = #expect(throws: Failure.self) { try run(changed, from: "tow") }
    #expect(error?.message == "the recipe has no step 'tow'; did you mean 'two'?")
  }

  @Test func `a step that changes something in place follows the steps before it that do`() throws {
    let steps = """
      - {name: one, run: update, on: data/text, updates: {registry: '${out}/registry'}}
      - {name: two, run: update, updates: {registry: '${out}/registry'}}
      """
    #expect(try run(steps) == ["one done", "two done"])
    #expect(try run(steps) == ["one skipped", "two skipped"])
    try scratch.write("second", "data/text")
    let changed = "two done: ${out}/registry was changed by a step before"
    #expect(try run(steps) == ["one done: data/text changed", changed])
    try Files.removeTree(out + "/registry")
    #expect(try run(steps) == ["one done: ${out}/registry is gone", changed])
    #expect(try Files.readText(path: out + "/registry") == "x\nx\n")
  }

  @Test(arguments: [(1, Failure.Kind.refused), (65, .badData), (74, .io), (3, .fault)])
  func `a step that fails stops the run with its message and status`(status: Int, kind: Failure.Kind) throws {
    let steps = "- {name: bad, run: fail, with: {status: \(status)}}\n" + RecipeRunTests.chain
    let error = #expect(throws: Failure.self) { try run(steps) }
    #expect(error?.kind == kind)
    #expect(error?.message == "step 'bad' ended with status \(status): it is broken")
    #expect(!Files.exists(out + "/one"))
  }

  @Test func `a step that a signal ends is named with the signal`() {
    let error = #expect(throws: Failure.self) { try run("- {name: bad, run: die}") }
    #expect(error?.message == "step 'bad' was ended by signal 9, perhaps for want of memory")
  }

  @Test func `a step that must be refused is, or stops the run`() throws {
    let refused = "- {name: no, run: fail, with: {status: 1}, expect: 1}"
    #expect(try run(refused) == ["no done"])
    #expect(try run(refused) == ["no skipped"])
    let error = #expect(throws: Failure.self) {
      try run(RecipeRunTests.chain.replacing("name: two,", with: "name: two, expect: 1,"))
    }
    #expect(error?.message == "step 'two' should have been refused (status 1), but went through")
  }

  @Test func `a step that does not write what it should is an error`() {
    let error = #expect(throws: Failure.self) {
      try run("- {name: lazy, run: update, updates: {registry: '${out}/r'}, outputs: {to: '${out}/to'}}")
    }
    #expect(error?.message.hasPrefix("step 'lazy': ended well, but did not write ") == true)
  }

  @Test func `a step whose run was cut off runs again`() throws {
    #expect(throws: Failure.self) {
      try run(RecipeRunTests.chain + "\n- {name: bad, run: fail, with: {status: 74}}")
    }
    #expect(
      try run(RecipeRunTests.chain + "\n- {name: bad, run: update, updates: {registry: '${out}/r'}}") == [
        "one skipped", "two skipped", "bad done",
      ])
  }

  private static let training = "- {name: train, run: lora, on: data/text, outputs: {out: '${out}/adapter'}}"

  @Test func `fine-tuning that was cut off goes on where it stopped`() throws {
    #expect(throws: Failure.self) { try run(RecipeRunTests.training) }
    #expect(try run(RecipeRunTests.training) == ["train done"])
    #expect(try Files.readText(path: out + "/adapter/mode") == "--resume\n")
    #expect(try run(RecipeRunTests.training) == ["train skipped"])
  }

  @Test func `fine-tuning that was cut off starts over from other data, and when it is asked for`() throws {
    #expect(throws: Failure.self) { try run(RecipeRunTests.training) }
    try scratch.write("second", "data/text")
    #expect(try run(RecipeRunTests.training) == ["train done"])
    #expect(try Files.readText(path: out + "/adapter/mode") == "--overwrite\n")
    try Files.removeTree(out + "/adapter")
    #expect(throws: Failure.self) { try run(RecipeRunTests.training) }
    #expect(try run(RecipeRunTests.training, force: true) == ["train done: asked for"])
    #expect(try Files.readText(path: out + "/adapter/mode") == "--overwrite\n")
  }
}
