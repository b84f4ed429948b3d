// The one error of the project. Whatever the world can do wrong (a file, a flag, a full disk) becomes a
// `Failure`: a sentence for the user and a kind that decides the exit status. Our own bugs trap instead.

import Glibc

/// Something the outside did that a command can't go on with: one sentence, and the exit status it leads to.
package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure it is; the raw value is the exit status (see the README's table).
  package enum Kind: Int32, Sendable {
    /// The command ran, and the answer is no: gate rejected, verification failed, score below the threshold.
    case refused = 1
    /// The command line asks for something that does not exist or does not fit together.
    case usage = 64
    /// A file's content is wrong.
    case badData = 65
    /// A file or folder is not there.
    case notFound = 66
    /// A library, a model or a service that is needed can't be had.
    case unavailable = 69
    /// A bug in mlt.
    case fault = 70
    /// The operating system refused to read or write.
    case io = 74
    /// Stopped by Ctrl-C or a termination signal.
    case interrupted = 130
  }

  package let kind: Kind
  /// One sentence: the file, the place in it, what was expected and found, what to do.
  package let message: String

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  package var description: String { message }

  package static func usage(_ message: String) -> Failure { Failure(.usage, message) }
  package static func refused(_ message: String) -> Failure { Failure(.refused, message) }
  package static func unavailable(_ message: String) -> Failure { Failure(.unavailable, message) }
  package static func fault(_ message: String) -> Failure { Failure(.fault, message) }

  /// Wrong content: `place` is the file with the place in it, such as `config.json: key 'hidden_size'`.
  package static func badData(_ place: String, _ problem: String) -> Failure {
    Failure(.badData, "\(place): \(problem)")
  }

  /// A missing file or folder; `advice` says what to do.
  package static func notFound(_ path: String, _ advice: String = "no such file or folder") -> Failure {
    Failure(.notFound, "\(path): \(advice)")
  }

  /// A refused system call, with the words of the operating system and what they mean here.
  package static func io(_ path: String, _ attempt: String, errno code: Int32) -> Failure {
    switch code {
    case ENOENT: return .notFound(path)
    case ENOSPC, EDQUOT:
      return Failure(
        .io, "\(path): can't \(attempt), the disk is full; free some space and run the command again")
    case EACCES, EPERM:
      return Failure(.io, "\(path): can't \(attempt), permission denied")
    case EROFS: return Failure(.io, "\(path): can't \(attempt), the file system is read-only")
    default: return Failure(.io, "\(path): can't \(attempt): \(String(cString: strerror(code)))")
    }
  }
}
