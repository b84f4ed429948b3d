// What a mistyped command line is told, and where outputs may not go.

import SafeIO
import TestSupport
import Testing

@Suite struct CommandLineTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try TinyModel().write(to: scratch.path + "/model")
  }

  @Test(arguments: [
    ("generat --model base", "mlt: 'generat' is no command of mlt; did you mean 'generate'?\n"),
    ("generate --modle base", "mlt: '--modle' is no flag of mlt generate; did you mean '--model'?\n"),
    ("lora --bath-size=3", "mlt: '--bath-size' is no flag of mlt lora; did you mean '--batch-size'?\n"),
    ("convert --hf-path base", "mlt: '--hf-path' is no flag of mlt convert; see mlt convert --help\n"),
  ])
  func `a misspelt word is named before what is missing`(line: String, message: String) throws {
    let run = try Mlt.run(line.split(separator: " ").map(String.init))
    #expect(run.status == 64)
    #expect(run.stderr == message)
  }

  @Test(arguments: ["--prompt -x", "--presence-penalty -0.5 --prompt x", "--seed -1 --prompt x"])
  func `a value may begin with a dash`(line: String) throws {
    let run = try Mlt.run(
      ["generate", "--model", "model", "--max-tokens", "1"] + line.split(separator: " ").map(String.init),
      in: scratch.path)
    #expect(run.status == 0, "\(run.stderr)")
  }

  @Test func `nothing is written into an artifact, nor over what is read`() throws {
    #expect(try Mlt.run(["convert", "--model", "model", "--out", "base"], in: scratch.path).status == 0)
    for out in ["base/q", "base/new/q"] {
      let run = try Mlt.run(["convert", "--model", "model", "--out", out], in: scratch.path)
      #expect(run.status == 64)
      #expect(run.stderr.contains("lies inside"), "\(run.stderr)")
    }
    let run = try Mlt.run(
      ["convert", "--model", "base", "--out", "./base", "--overwrite"], in: scratch.path)
    #expect(run.status == 64)
    #expect(run.stderr.contains("can't be replaced by what is made of it"), "\(run.stderr)")
    #expect(try Mlt.run(["verify", "base"], in: scratch.path).status == 0)
  }

  @Test func `help fits a screen`() throws {
    #expect(try Mlt.run(["--help"]).stdout.split(separator: "\n").count <= 40)
  }
}
