// Reading recipes: what a good one becomes, and what is refused before the first step.

import Pipelines
import SafeIO
import TestSupport
import Testing

@Suite struct RecipeTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try scratch.write("weights", "data/model/weights")
  }

  private func read(_ text: String, _ settings: Recipe.Settings = Recipe.Settings()) throws -> Recipe {
    let path = try scratch.write(text, "recipes/recipe.yaml")
    return try Recipe(path: path, settings: settings, commands: ["copy", "promote"]) { arguments in
      if arguments.contains("--unheard") { throw Failure.usage("Unknown option '--unheard'") }
    }
  }

  /// The failure of a recipe whose steps are `steps`.
  private func failure(steps: String, head: String = "root: ..\nout: out") -> Failure? {
    do {
      _ = try read("name: test\n\(head)\nsteps:\n\(steps)")
      return nil
    } catch {
      return error as? Failure
    }
  }

  @Test func `a recipe becomes command lines`() throws {
    let recipe = try read(
      """
      name: test
      root: ..
      out: out/test
      variables: {model: data/model, bits: 4}
      steps:
        - name: base
          run: copy
          inputs:
            model: ${model}
            data: [data/model, data/model/weights]
          with: {bits: "${bits}", fast: true, slow: false, rate: 1e-05, name: [a, b]}
          outputs:
            out: ${out}/base
        - name: promote
          run: promote
          on: ${out}/base
          updates:
            registry: ${out}/registry
          json: ${out}/promote.json
          expect: 1
      """)
    let root = scratch.path
    #expect(recipe.out == "\(root)/out/test")
    #expect(
      recipe.steps[0].arguments == [
        "copy", "--bits", "4", "--fast", "--rate", "1e-05", "--name", "a", "--name", "b", "--model",
        "\(root)/data/model", "--data", "\(root)/data/model", "--data", "\(root)/data/model/weights", "--out",
        "\(root)/out/test/base",
      ])
    #expect(
      recipe.steps[1].arguments == [
        "promote", "\(root)/out/test/base", "--registry", "\(root)/out/test/registry", "--json",
      ])
    #expect(recipe.steps[1].expected == 1)
  }

  @Test func `the command line may point elsewhere`() throws {
    try scratch.write("other", "elsewhere/model/weights")
    let text = """
      {name: test, root: .., out: out, variables: {model: data/model}, steps: [
        {name: base, run: copy, inputs: {model: "${model}/weights"}, outputs: {out: "${out}/base"}}]}
      """
    let settings = Recipe.Settings(
      out: scratch.path + "/there", variables: ["model": scratch.path + "/elsewhere/model"])
    let step = try #require(try read(text, settings).steps.first)
    #expect(
      step.arguments == [
        "copy", "--model", "\(scratch.path)/elsewhere/model/weights", "--out", "\(scratch.path)/there/base",
      ])
  }

  @Test func `a variable that the recipe does not have can't be set`() {
    let text = "{name: t, out: out, variables: {model: m}, steps: []}"
    let error = #expect(throws: Failure.self) { try read(text, Recipe.Settings(variables: ["modle": "x"])) }
    #expect(error?.message == "the recipe has no variable 'modle' to set; did you mean 'model'?")
  }

  @Test(arguments: [
    ("name: a, run: copi", "'copi' is no command of mlt; did you mean 'copy'?"),
    ("name: a, run: run", "'run' is no command of mlt"),
    ("name: a, run: copy, input: {x: y}", "key 'input': is not known; did you mean 'inputs'?"),
    ("name: A b, run: copy", "must be lower-case letters"),
    ("name: ../a, run: copy", "must be lower-case letters"),
    ("name: a, run: copy, on: /etc/passwd", "'/etc/passwd' leaves the root"),
    ("name: a, run: copy, inputs: {model: data/../../x}", "leaves the root"),
    ("name: a, run: copy, inputs: {model: ''}", "leaves the root"),
    ("name: a, run: copy, inputs: {model: 3}", "expected a path or a list of paths, found an integer"),
    ("name: a, run: copy, inputs: {--model: data}", "'--model' is no flag; write 'model'"),
    ("name: a, run: copy, with: {group_size: 32}", "'group_size' is no flag; write 'group-size'"),
    ("name: a, run: copy, inputs: {out: data}", "outputs is its place"),
    ("name: a, run: copy, with: {out: x}", "outputs is its place"),
    ("name: a, run: copy, with: {overwrite: true}", "'overwrite' can't be set here"),
    ("name: a, run: copy, with: {note: /etc/passwd}", "'note' is a path"),
    ("name: a, run: copy, with: {note: '${out}/x'}", "'note' is a path"),
    ("name: a, run: copy, with: {note: '${nothing}'}", "'${nothing}' is not known"),
    ("name: a, run: copy, with: {note: '${out'}", "a '${' has no '}'"),
    ("name: a, run: copy, with: {note: {a: b}}", "must be text, a number or true, found an object"),
    ("name: a, run: copy, with: {unheard: true}", "step 'a': Unknown option '--unheard'"),
    ("name: a, run: copy, outputs: {out: data/model}", "must begin with ${out}/"),
    ("name: a, run: copy, outputs: {out: '${out}/../x'}", "leaves the root"),
    ("name: a, run: copy, updates: {registry: registry}", "must begin with ${out}/"),
    ("name: a, run: copy, json: result.json", "must begin with ${out}/"),
    ("name: a, run: copy, expect: 2", "must be 0, done, or 1"),
    ("run: copy", "step 1: key 'name': is missing"),
  ])
  func `a step that can't be meant is refused, with its key`(step: String, words: String) {
    let found = failure(steps: "  - {\(step)}")
    #expect(found?.kind == .badData && found?.message.contains(words) == true, "\(found?.message ?? "")")
  }

  @Test(arguments: [
    ("out: out\nroot: /", "must be '.', the recipe's folder, or '..'"),
    ("out: out\nroot: ../..", "must be '.', the recipe's folder, or '..'"),
    ("out: ../out", "leaves the root; use --out"),
    ("out: /tmp/out", "leaves the root; use --out"),
    ("root: .", "key 'out': is missing"),
    ("out: out\nvariables: {model: ../x}", "'model' leaves the root; use --set model="),
    ("out: out\nvariables: {model: [a]}", "'model' must be text or a number"),
    ("out: out\nvariables: {out: a}", "'out' is a key of its own"),
    ("out: out\nstep: []", "did you mean 'steps'?"),
  ])
  func `a head that can't be meant is refused, with its key`(head: String, words: String) {
    let found = failure(steps: "  - {name: a, run: copy}", head: head)
    #expect(found?.kind == .badData && found?.message.contains(words) == true, "\(found?.message ?? "")")
  }

  @Test func `an input that nobody makes is not found`() {
    let found = failure(steps: "  - {name: a, run: copy, inputs: {model: data/none}}")
    #expect(found?.kind == .notFound)
    #expect(found?.message.hasSuffix("reads it, but it is not there and no step writes it") == true)
  }

  @Test(arguments: [
    (
      """
        - {name: a, run: copy, on: '${out}/b/part', outputs: {out: '${out}/a'}}
        - {name: b, run: copy, on: '${out}/a', outputs: {out: '${out}/b'}}
      """, "reads ${out}/b/part, which is written by step 'b', which comes later"
    ),
    ("  - {name: a, run: copy, on: '${out}/a/x', outputs: {out: '${out}/a'}}", "which is written by itself"),
    (
      """
        - {name: a, run: copy, outputs: {out: '${out}/a'}}
        - {name: b, run: copy, outputs: {out: '${out}/./a/inside'}}
      """, "writes ${out}/./a/inside, where step 'a' writes too"
    ),
    ("  - {name: a, run: copy}\n  - {name: a, run: copy}", "the name stands twice"),
  ])
  func `steps that can't follow one another are refused`(steps: String, words: String) {
    let found = failure(steps: steps)
    #expect(found?.kind == .badData && found?.message.contains(words) == true, "\(found?.message ?? "")")
  }
}
