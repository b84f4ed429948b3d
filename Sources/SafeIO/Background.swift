// Work on threads of its own, for what waits on files while the caller computes or reads others. Loops that compute
// share the thread pool of TensorCore instead.
//
// UNSAFE, on purpose: a thread gets its work as a raw pointer, which it releases.

import Glibc
import Synchronization

/// Work that a thread of its own does, and whose result is asked for later.
///
/// Work whose result nobody asks for goes on to its end.
package final class Background<Value: Sendable> {
  private let job: Job
  /// Nil once it was joined, or when the system gave no thread: then the work is done by who asks for its result.
  private var thread: pthread_t?

  package init(_ work: @escaping @Sendable () throws(Failure) -> Value) {
    job = Job(work)
    thread = startThread(job)
  }

  deinit { if let thread { pthread_detach(thread) } }

  /// Waits for the work to end.
  /// - Throws: what the work threw.
  package func value() throws(Failure) -> Value {
    if let thread { pthread_join(thread, nil) } else { job.run() }
    thread = nil
    return try job.outcome()
  }

  private final class Job: Runnable {
    private let work: @Sendable () throws(Failure) -> Value
    private let result = Mutex<Result<Value, Failure>?>(nil)

    init(_ work: @escaping @Sendable () throws(Failure) -> Value) { self.work = work }

    func run() {
      guard result.withLock({ $0 == nil }) else { return }
      let result = Result(catching: work)
      self.result.withLock { $0 = result }
    }

    func outcome() throws(Failure) -> Value {
      guard let result = result.withLock({ $0 }) else { preconditionFailure("the work leaves a result") }
      return try result.get()
    }
  }
}

private protocol Runnable: AnyObject, Sendable {
  func run()
}

/// What a thread is told, without a type parameter, which what a C function gets can't have.
private final class Order: Sendable {
  let job: any Runnable

  init(_ job: any Runnable) { self.job = job }
}

/// A thread that runs the job, nil when the system gives none.
private func startThread(_ job: any Runnable) -> pthread_t? {
  var thread = pthread_t()
  let order = Unmanaged.passRetained(Order(job))
  let status = pthread_create(
    &thread, nil,
    { context in
      guard let context else { return nil }
      Unmanaged<Order>.fromOpaque(context).takeRetainedValue().job.run()
      return nil
    }, order.toOpaque())
  if status == 0 { return thread }
  order.release()
  return nil
}

extension Background {
  /// Does work for each item on up to `threads` threads, the caller's included.
  ///
  /// - Returns: the results in the order of the items.
  /// - Throws: what the work for the first of the items that fail throws; no item is begun after a failure.
  package static func map<Item: Sendable>(
    _ items: [Item], threads: Int, _ work: @escaping @Sendable (Item) throws(Failure) -> Value
  ) throws(Failure) -> [Value] {
    let queue = Queue(items)
    let share: @Sendable () throws(Failure) -> [(index: Int, result: Result<Value, Failure>)] = {
      var results: [(index: Int, result: Result<Value, Failure>)] = []
      while let (index, item) = queue.next() {
        do throws(Failure) {
          results.append((index, .success(try work(item))))
        } catch {
          results.append((index, .failure(error)))
          queue.stop()
        }
      }
      return results
    }
    let helpers = (1..<max(1, min(threads, items.count))).map { _ in
      Background<[(index: Int, result: Result<Value, Failure>)]>(share)
    }
    var results = try share()
    for helper in helpers { results += try helper.value() }
    results.sort { $0.index < $1.index }
    var values: [Value] = []
    for (_, result) in results { values.append(try result.get()) }
    return values
  }
}

/// Items that several threads take one after the other.
private final class Queue<Item: Sendable>: Sendable {
  private let items: [Item]
  private let taken = Atomic<Int>(0)

  init(_ items: [Item]) { self.items = items }

  func next() -> (index: Int, item: Item)? {
    let index = taken.add(1, ordering: .relaxed).oldValue
    return index < items.count ? (index, items[index]) : nil
  }

  /// Leaves the rest untaken.
  func stop() { taken.store(items.count, ordering: .relaxed) }
}
