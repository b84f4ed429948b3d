// Options that several commands share.

import ArgumentParser
import Glibc
import Registry
import SafeIO
import TensorCore

/// Options of every command that computes or prints a result.
struct CommonOptions: ParsableArguments {
  @Flag(help: "Print the result as JSON on standard output, and nothing else there.")
  var json = false

  @Flag(help: "No progress and no notes.")
  var quiet = false

  @Option(help: "Threads to compute with; the result is the same for any number. Default: the cores allowed.")
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
    try checkPlace(reading: inputs)
  }

  /// A folder inside an artifact would make the artifact's manifest wrong; one that is read can't be replaced meanwhile.
  func checkPlace(reading inputs: [String?] = []) throws {
    for input in inputs.compactMap(\.self) where absolute(input) != nil && absolute(input) == absolute(out) {
      throw Failure.usage("\(out) is read, so it can't be replaced by what is made of it; give another --out")
    }
    var parent = Files.parent(of: out)
    while absolute(parent) == nil && parent != "." { parent = Files.parent(of: parent) }
    var folder = absolute(parent) ?? "/"
    while folder != "/" {
      if Files.exists("\(folder)/\(Manifest.fileName)"), (try? Manifest(directory: folder)) != nil {
        throw Failure.usage(
          "\(out) lies inside \(folder), an artifact whose manifest would no longer hold; give an --out beside it"
        )
      }
      folder = Files.parent(of: folder)
    }
  }

  /// The path without links; nil when nothing is there.
  private func absolute(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
