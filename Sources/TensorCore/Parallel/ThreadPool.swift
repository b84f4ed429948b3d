// The threads that compute; work that waits for files has `Background`. A kernel call is cut into tasks by its shape alone,
// never by the number of threads; the pool only decides who computes which task. So results have the same bits on any
// machine.
//
// UNSAFE, on purpose: a closure and its captures are lent to other threads until `run` returns. The body must
// write to places that no other task reads or writes.

import CKernels
import Glibc
import Synchronization

/// Persistent workers for data-parallel loops.
///
/// A call costs a few microseconds while workers are awake. They spin shortly for the next call, then sleep, so
/// an idle pool costs nothing. Calls from inside a task, or while another thread is using the pool, run inline.
///
/// Unchecked, since `body` and `isRefused` are written only by the caller that holds `busy`.
package final class ThreadPool: @unchecked Sendable {
  package static let shared = ThreadPool()

  private let threadLimit: Atomic<Int>
  private let busy = Atomic<Bool>(false)
  /// The loop being run, in one word so that a claim is one exchange: its number (24 bits), how many tasks it has
  /// (20 bits), the next task to claim (20 bits).
  private let ticket = Atomic<UInt64>(0)
  private let unfinished = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let started = Atomic<Int>(0)
  private var body: (_ task: Int, _ worker: Int) -> Void = { _, _ in }
  /// Whether the system gave no more threads; it is not asked again.
  private var isRefused = false
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  private static let countShift: UInt64 = 20
  private static let loopShift: UInt64 = 40
  private static let mask: UInt64 = (1 << 20) - 1
  private static let spins = 4000

  private init() {
    threadLimit = Atomic(ProcessorCount.allowed())
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
  }

  /// Threads that share a loop, the caller included; starts as the cores allowed to the process.
  package var threads: Int {
    get { threadLimit.load(ordering: .relaxed) }
    set {
      precondition(newValue >= 1, "a pool needs at least the calling thread, not \(newValue)")
      threadLimit.store(newValue, ordering: .relaxed)
    }
  }

  /// Calls `body` once for each of `0 ..< tasks`, in any order and on any thread, and returns when all are done.
  package func run(_ tasks: Int, _ body: (Int) -> Void) { run(tasks, byWorker: { task, _ in body(task) }) }

  /// The same for tasks that need memory of their own while they run: `body` is also told which of `0 ..< threads` runs
  /// it, and no two tasks of one at the same time.
  package func run(_ tasks: Int, byWorker body: (_ task: Int, _ worker: Int) -> Void) {
    precondition(tasks < 1 << 20, "a loop of \(tasks) tasks is cut too finely")
    let helpers = min(threads, tasks) - 1
    guard helpers > 0, !busy.exchange(true, ordering: .acquiring) else {
      for task in 0..<max(0, tasks) { body(task, 0) }
      return
    }
    startWorkers(threads - 1)
    withoutActuallyEscaping(body) { body in
      self.body = body
      unfinished.store(tasks, ordering: .relaxed)
      let loop = (ticket.load(ordering: .relaxed) >> ThreadPool.loopShift) &+ 1
      ticket.store(
        loop << ThreadPool.loopShift | UInt64(tasks) << ThreadPool.countShift,
        ordering: .sequentiallyConsistent)
      if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(wake)
        pthread_mutex_unlock(mutex)
      }
      while let task = claim() { finish(task, worker: 0) }
      var spins = 0
      while unfinished.load(ordering: .acquiring) > 0 {
        spins += 1
        if spins < ThreadPool.spins { mlt_pause() } else { sched_yield() }
      }
      self.body = { _, _ in }
    }
    busy.store(false, ordering: .releasing)
  }

  /// Takes the next task of the current loop, if one is left.
  ///
  /// A claimed task keeps its loop from ending, so `body` cannot change before the task is finished.
  private func claim() -> Int? {
    var seen = ticket.load(ordering: .acquiring)
    while true {
      let next = seen & ThreadPool.mask
      guard next < (seen >> ThreadPool.countShift) & ThreadPool.mask else { return nil }
      let (claimed, current) = ticket.compareExchange(
        expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing)
      if claimed { return Int(next) }
      seen = current
    }
  }

  private func finish(_ task: Int, worker: Int) {
    body(task, worker)
    unfinished.subtract(1, ordering: .releasing)
  }

  /// Starts workers until there are `wanted`, or until the system refuses one: those that run do the work, and if
  /// there are none, the caller does.
  private func startWorkers(_ wanted: Int) {
    // Only the holder of `busy` is here.
    while !isRefused, started.load(ordering: .relaxed) < wanted {
      let worker = Unmanaged.passRetained(Worker(pool: self, index: started.load(ordering: .relaxed)))
      var thread = pthread_t()
      let status = pthread_create(
        &thread, nil,
        { context in
          guard let context else { return nil }
          let worker = Unmanaged<Worker>.fromOpaque(context).takeRetainedValue()
          worker.pool.work(worker.index)
        }, worker.toOpaque())
      guard status == 0 else {
        worker.release()
        isRefused = true
        return
      }
      pthread_detach(thread)
      started.add(1, ordering: .relaxed)
    }
  }

  private func work(_ index: Int) -> Never {
    var idle = 0
    while true {
      if index < threads - 1, let task = claim() {
        finish(task, worker: index + 1)
        idle = 0
      } else if idle < ThreadPool.spins {
        idle += 1
        mlt_pause()
      } else {
        sleep(until: { index < self.threads - 1 && self.hasTasks })
        idle = 0
      }
    }
  }

  private var hasTasks: Bool {
    let seen = ticket.load(ordering: .sequentiallyConsistent)
    return seen & ThreadPool.mask < (seen >> ThreadPool.countShift) & ThreadPool.mask
  }

  private func sleep(until ready: () -> Bool) {
    pthread_mutex_lock(mutex)
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while !ready() { pthread_cond_wait(wake, mutex) }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
  }

  /// What a new thread is told.
  private final class Worker {
    let pool: ThreadPool
    let index: Int

    init(pool: ThreadPool, index: Int) {
      self.pool = pool
      self.index = index
    }
  }
}
