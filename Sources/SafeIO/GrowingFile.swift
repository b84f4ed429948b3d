// A file that one thread reads while another still writes it, such as a digest that would take seconds afterwards. The
// writer tells how many bytes from the beginning on are final; the reader gets those, and sleeps until there are more.
//
// UNSAFE, on purpose: a mutex and a condition of the C library stay where they were made; what they guard is touched
// under the mutex alone.

import Glibc

/// Whoever wants to read files while they are written.
package protocol FileFollower: AnyObject {
  /// A file was begun. Called by the thread that writes it, which does not wait for the reader.
  func follow(_ file: GrowingFile)
}

/// The reader's end of a file that is being written.
///
/// Unchecked, since `final` and `state` are guarded by `mutex`, and `position` is the reader's alone.
package final class GrowingFile: @unchecked Sendable {
  private enum State {
    case growing
    case complete
    /// It will not be finished.
    case abandoned
  }

  /// The name that it gets in the end.
  package let path: String
  private let descriptor: Int32
  private var position = 0
  /// Bytes from the beginning on that will not change again.
  private var final = 0
  private var state = State.growing
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let change = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// - Parameter temporary: the name that it has now.
  init(path: String, temporary: String) throws(Failure) {
    self.path = path
    descriptor = try Files.openForReading(temporary)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(change, nil)
  }

  deinit {
    close(descriptor)
    pthread_cond_destroy(change)
    pthread_mutex_destroy(mutex)
    change.deallocate()
    mutex.deallocate()
  }

  // MARK: The writer's side

  func grow(to size: Int) { update { final = size } }

  /// Every byte is written.
  func complete() { update { state = .complete } }

  /// Ends the reading with an error, also of a complete file.
  func abandon() { update { state = .abandoned } }

  private func update(_ body: () -> Void) {
    pthread_mutex_lock(mutex)
    body()
    pthread_cond_signal(change)
    pthread_mutex_unlock(mutex)
  }

  // MARK: The reader's side

  /// Reads the next bytes, and waits for them if need be.
  ///
  /// - Returns: how many; 0 at the end of the complete file.
  /// - Throws: `Failure.io`, also when the file was given up.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    let available = try waitForBytes() ?? buffer.count
    let got = try Files.read(
      descriptor, into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(available)), path: path)
    position += got
    return got
  }

  /// How many bytes there are to read, at least one; nil for all up to the end.
  private func waitForBytes() throws(Failure) -> Int? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while state == .growing && final <= position { pthread_cond_wait(change, mutex) }
    switch state {
    case .growing: return final - position
    case .complete: return nil
    case .abandoned: throw Failure(.io, "\(path): was not written to its end")
    }
  }
}
