// The executable: parse, call a library, print. This file turns errors into a sentence and an exit status; each
// command has a file in Commands.

import ArgumentParser
import Glibc
import Registry
import SafeIO

/// The root command.
@main
struct Mlt: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mlt",
    abstract: "Language-model weights from a downloaded folder to a promoted artifact, without a GPU.",
    discussion: """
      EXAMPLE
        mlt quantize --model Llama-3.2-1B --bits 4 --out base-4bit
        mlt lora     --model base-4bit --data train.jsonl --out adapter
        mlt generate --model base-4bit --adapter adapter --prompt "Hello"

      Exit status: 0 done; 1 the answer is no; 64 usage; 65 bad input; 66 not found; 69 unavailable; 70 a bug \
      in mlt; 74 input/output; 130 interrupted.
      """,
    version: Version.current,
    groupedSubcommands: [
      CommandGroup(
        name: "Make", subcommands: [Convert.self, Quantize.self, LoRA.self, Fuse.self, Init.self]),
      CommandGroup(
        name: "Measure",
        subcommands: [
          Eval.self, Report.self, Perplexity.self, Logits.self, Tokenize.self, Generate.self, Inspect.self,
          Bench.self,
        ]),
      CommandGroup(
        name: "Keep",
        subcommands: [
          Verify.self, Pack.self, Unpack.self, Pin.self, Promote.self, Rollback.self, Channels.self, Run.self,
        ]),
    ])

  static func main() {
    Interruption.install()
    var command: any ParsableCommand
    do {
      command = try parseAsRoot()
    } catch  where exitCode(for: error) == .success {
      // Help or the version was asked for.
      exit(withError: error)
    } catch {
      let misspelt = MisspeltWords.complaint(Array(CommandLine.arguments.dropFirst()), root: Mlt.self)
      Console.note(misspelt.map { "mlt: \($0)" } ?? fullMessage(for: error))
      Glibc.exit(Failure.Kind.usage.rawValue)
    }
    do {
      try command.run()
    } catch let failure as Failure {
      Console.error(failure.message)
      Glibc.exit(failure.kind.rawValue)
    } catch {
      exit(withError: error)
    }
  }
}
