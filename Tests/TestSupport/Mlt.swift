// Runs the built binary, as a user would.

import Foundation
import SafeIO

/// The mlt binary that was built beside the tests.
package enum Mlt {
  /// What a run of the binary gave.
  package struct Run: Sendable {
    package let status: Int32
    package let stdout: String
    package let stderr: String

    /// Standard output as one JSON value.
    package var json: JSON {
      get throws { try JSON.parse(stdout, source: "standard output") }
    }
  }

  /// The path of the binary, found beside the test bundle.
  package static var path: String {
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    var folder = executable.deletingLastPathComponent()
    // swift test runs the bundle itself, or a helper of the toolchain with the bundle as an argument.
    if let bundle = CommandLine.arguments.first(where: { $0.hasSuffix(".xctest") }) {
      folder = URL(fileURLWithPath: bundle).deletingLastPathComponent()
    }
    return folder.appendingPathComponent("mlt").path
  }

  /// Runs `mlt`, or another program, with the arguments and waits for it.
  ///
  /// - Parameter interruptedAfter: seconds after which it gets what Ctrl-C sends.
  package static func run(
    _ arguments: [String], executable: String? = nil, in folder: String? = nil,
    environment: [String: String] = [:], input: String? = nil, interruptedAfter: Double? = nil
  ) throws -> Run {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable ?? path)
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Files rather than pipes: no output is too long for them.
    let scratch = try Scratch()
    let outputPath = scratch.path + "/stdout"
    let errorPath = scratch.path + "/stderr"
    for path in [outputPath, errorPath] { try Files.writeAtomically("", to: path) }
    let output = try FileHandle(forWritingTo: URL(fileURLWithPath: outputPath))
    let error = try FileHandle(forWritingTo: URL(fileURLWithPath: errorPath))
    process.standardOutput = output
    process.standardError = error
    if let input {
      try Files.writeAtomically(input, to: scratch.path + "/stdin")
      process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: scratch.path + "/stdin"))
    } else {
      process.standardInput = FileHandle.nullDevice
    }
    try process.run()
    if let interruptedAfter {
      Thread.sleep(forTimeInterval: interruptedAfter)
      process.interrupt()
    }
    process.waitUntilExit()
    try output.close()
    try error.close()
    return Run(
      status: process.terminationStatus,
      stdout: String(decoding: try Files.read(path: outputPath), as: UTF8.self),
      stderr: String(decoding: try Files.read(path: errorPath), as: UTF8.self))
  }

  /// What a run of the binary took, and how it ended.
  package struct Cost: Sendable {
    package let status: Int32
    package let stderr: String
    /// The most bytes it had in memory at a time.
    package let peakMemory: Int
    /// Seconds of computing.
    package let seconds: Double
  }

  /// Runs `mlt` for what it costs; its standard output is thrown away.
  package static func cost(_ arguments: [String]) throws -> Cost {
    let scratch = try Scratch()
    let errorPath = try scratch.write("", "stderr")
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errorPath, O_WRONLY, 0)
    var vector = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for text in vector { free(text) } }
    var process = pid_t()
    guard posix_spawn(&process, path, &actions, nil, &vector, environ) == 0 else {
      throw Failure.io(path, "run", errno: errno)
    }
    var (status, usage): (Int32, rusage) = (0, rusage())
    while wait4(process, &status, 0, &usage) < 0 && errno == EINTR {}
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return Cost(
      // A signal is no exit status; 128 more, as in a shell.
      status: status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f,
      stderr: String(decoding: try Files.read(path: errorPath), as: UTF8.self),
      peakMemory: usage.ru_maxrss * 1024, seconds: seconds(usage.ru_utime) + seconds(usage.ru_stime))
  }
}
