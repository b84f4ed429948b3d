// Runs mlt itself, as a user would: what a command costs is more than the work inside.
//
// UNSAFE, on purpose: `posix_spawn` wants C strings, which live for the call.

import Glibc
import SafeIO

/// The program that is measured.
struct Program {
  private let threads: Int

  init(_ options: BenchmarkOptions) { threads = options.threads }

  /// Where the running program lies.
  static let executable: String = {
    guard let path = realpath("/proc/self/exe", nil) else { return CommandLine.arguments[0] }
    defer { free(path) }
    return String(cString: path)
  }()

  /// Runs it to its end, without input or output.
  ///
  /// - Throws: `Failure.io` when it can't be run or does not end well.
  func run(_ arguments: [String]) throws(Failure) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
    }
    let options = arguments.first?.hasPrefix("-") == true ? [] : ["--threads", "\(threads)"]
    var vector = (["mlt"] + arguments + options).map { strdup($0) }
    vector.append(nil)
    defer { for text in vector { free(text) } }
    var process = pid_t()
    let code = posix_spawn(&process, Self.executable, &actions, nil, vector, environ)
    guard code == 0 else { throw .io(Self.executable, "run", errno: code) }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 {
      guard errno == EINTR else { throw .io(Self.executable, "wait for", errno: errno) }
    }
    try Interruption.check()
    guard status == 0 else {
      throw Failure(.io, "mlt \(arguments.joined(separator: " ")): ended with status \(status >> 8 & 0xff)")
    }
  }
}
