// Runs mlt itself as a child process. A step in a process of its own can't disturb the run, gives its memory back
// whole, and tells its peak. Unsafe memory: `posix_spawn` wants C strings, which live for the call.

import Glibc
import Registry
import SafeIO

/// One command in a process of its own.
struct ChildProcess {
  /// How a process ended.
  struct Ending: Sendable {
    /// The exit status; nil when a signal ended it.
    let status: Int32?
    /// The signal that ended it.
    let signal: Int32?
    /// The largest resident size in bytes.
    let peakMemory: Int
    /// The last lines it wrote to standard error; empty when that is a terminal.
    let lastWords: String
  }

  let executable: String
  let arguments: [String]
  /// The file that takes standard output.
  let outputPath: String
  /// Whether what it writes to standard error is shown.
  let isShown: Bool
  /// Held by the child too, so that a new run waits for a child that outlives its killed parent.
  let lock: FileLock

  /// How long a process may take to end after it was asked to.
  private static let patience = 10.0

  /// Runs the process to its end; it has nothing on standard input.
  ///
  /// When this process is interrupted, the child is asked to end and waited for.
  /// - Throws: `Failure` (`io`, `interrupted`).
  func run() throws(Failure) -> Ending {
    var pipe: [Int32] = [-1, -1]
    // On a terminal the child draws its progress itself.
    let inherits = isShown && isatty(STDERR_FILENO) == 1
    if !inherits, Glibc.pipe(&pipe) != 0 { throw .io(executable, "run", errno: errno) }
    // The child gets the writing end as its standard error, and neither end besides.
    for end in pipe where end >= 0 { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { for end in pipe where end >= 0 { close(end) } }
    let process = try spawn(standardError: inherits ? nil : pipe[1])
    if !inherits {
      close(pipe[1])
      pipe[1] = -1
    }
    return try wait(for: process, standardError: pipe[0])
  }

  private func spawn(standardError: Int32?) throws(Failure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    // Onto itself: that leaves it open in the child.
    posix_spawn_file_actions_adddup2(&actions, lock.descriptor, lock.descriptor)
    if let standardError { posix_spawn_file_actions_adddup2(&actions, standardError, STDERR_FILENO) }

    // Whatever started us may have blocked signals; the child must hear when it is asked to end.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    var vector = (["mlt"] + arguments).map { strdup($0) }
    vector.append(nil)
    defer { for text in vector { free(text) } }
    var process = pid_t()
    let code = posix_spawn(&process, executable, &actions, &attributes, vector, environ)
    guard code == 0 else { throw .io(executable, "run", errno: code) }
    return process
  }

  private func wait(for process: pid_t, standardError: Int32) throws(Failure) -> Ending {
    var tail: [UInt8] = []
    var isOpen = standardError >= 0
    var interruption: Failure?
    var deadline = ContinuousClock.now
    while true {
      if isOpen { isOpen = forward(standardError, into: &tail) } else { usleep(20_000) }
      var status: Int32 = 0
      var usage = rusage()
      let ended = wait4(process, &status, WNOHANG, &usage)
      if ended == process {
        if isOpen { while forward(standardError, into: &tail) {} }
        if let interruption { throw interruption }
        let signal = status & 0x7f
        return Ending(
          status: signal == 0 ? status >> 8 & 0xff : nil, signal: signal == 0 ? nil : signal,
          peakMemory: usage.ru_maxrss * 1024, lastWords: String(decoding: tail, as: UTF8.self))
      }
      guard ended == 0 || errno == EINTR else { throw .io(executable, "wait for", errno: errno) }
      if interruption == nil {
        do throws(Failure) {
          try Interruption.check()
        } catch {
          interruption = error
          deadline = .now + .seconds(ChildProcess.patience)
          kill(process, SIGTERM)
        }
      } else if ContinuousClock.now > deadline {
        kill(process, SIGKILL)
      }
    }
  }

  /// Passes on what the child wrote, waiting a moment for it, and keeps the end of it.
  /// - Returns: false when nothing more will come.
  private func forward(_ descriptor: Int32, into tail: inout [UInt8]) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, 50) > 0 else { return true }
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let got = read(descriptor, &buffer, buffer.count)
    guard got > 0 else { return got < 0 && errno == EINTR }
    if isShown { write(STDERR_FILENO, buffer, got) }
    tail.append(contentsOf: buffer[..<got])
    tail.removeFirst(max(0, tail.count - 4_096))
    return true
  }
}
