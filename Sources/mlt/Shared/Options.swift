// Options that several commands share.

import ArgumentParser
import SafeIO
import TensorCore

/// Options of every command that computes or prints a result.
struct CommonOptions: ParsableArguments {
  @Flag(help: "Print the result as JSON on standard output, and nothing else there.")
  var json = false

  @Flag(help: "No progress and no notes.")
  var quiet = false

  @Option(help: "Threads; the result is the same for any number. Default: the physical cores allowed.")
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 || threads > 1024 {
      throw ValidationError("--threads must be between 1 and 1024")
    }
  }

  /// Applies `--threads`, and gives the place where progress is drawn.
  func start() -> ConsoleProgress? {
    if let threads { ThreadPool.shared.threads = threads }
    return quiet ? nil : ConsoleProgress()
  }
}

/// How a command that runs a model rounds.
struct ArithmeticOptions: ParsableArguments {
  @Flag(help: "Compute in f32 throughout, without rounding activations to 16 or 8 bits; slower.")
  var exact = false

  var arithmetic: Arithmetic { exact ? .exact : .eightBit }
}

/// Where a command puts its output folder.
struct OutputOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "The folder to write; it appears whole or not at all.")
  var out: String

  @Flag(help: "Replace the folder if it exists.")
  var overwrite = false

  /// Says early, before any work, that the folder is taken or must not be written.
  ///
  /// - Parameter inputs: folders that the command reads.
  func check(reading inputs: [String?] = []) throws {
    try OutputDirectory.checkFree(out, overwrite: overwrite)
    try OutputPlace.check(out, reading: inputs)
  }
}
