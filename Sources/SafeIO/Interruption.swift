// Ctrl-C and termination. A handler may only set a flag; loops ask for it and unwind as from any other error,
// so that staging folders are removed on the way out.

import Glibc
import Synchronization

/// Whether the user asked the process to stop.
package enum Interruption {
  private static let requested = Atomic<Bool>(false)

  /// Makes SIGINT and SIGTERM set the flag; a second signal ends the process at once.
  package static func install() {
    for signalNumber in [SIGINT, SIGTERM] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { _ in Interruption.request() }
      action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
      sigaction(signalNumber, &action, nil)
    }
    // A parent may have left them blocked.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    sigprocmask(SIG_UNBLOCK, &signals, nil)
    // A closed pipe is an error of the write, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
  }

  /// Sets the flag; the next `check` throws.
  package static func request() { requested.store(true, ordering: .relaxed) }

  /// Clears the flag, for what is still to be saved on the way out; a second signal ends the process all the same.
  package static func acknowledge() { requested.store(false, ordering: .relaxed) }

  /// Throws when a stop was asked for.
  package static func check() throws(Failure) {
    if requested.load(ordering: .relaxed) {
      throw Failure(.interrupted, "interrupted; nothing was left half-written")
    }
  }
}
