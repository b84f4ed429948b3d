// The pool runs every task once, whatever it is asked at the same time.

import Foundation
import Glibc
import Synchronization
import TensorCore
import Testing

@Suite struct `The thread pool` {
  @Test(arguments: [0, 1, 2, 3, 7, 64, 1000])
  func `every task runs once`(tasks: Int) {
    for _ in 0..<50 {
      let runs = (0..<tasks).map { _ in Counter() }
      ThreadPool.shared.run(tasks) { runs[$0].add() }
      #expect(runs.allSatisfy { $0.value == 1 })
    }
  }

  @Test func `a loop inside a task runs inline`() {
    let total = Counter()
    ThreadPool.shared.run(8) { _ in ThreadPool.shared.run(8) { _ in total.add() } }
    #expect(total.value == 64)
  }

  @Test func `several threads may call at once`() async {
    let total = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<200 { ThreadPool.shared.run(5) { _ in total.add() } }
        }
      }
    }
    #expect(total.value == 4000)
  }

  @Test func `results written by tasks are seen by the caller`() {
    for round in 0..<300 {
      let values = UnsafeMutableBufferPointer<Int>.allocate(capacity: 16)
      defer { values.deallocate() }
      ThreadPool.shared.run(16) { values[$0] = round + $0 }
      #expect(values.indices.allSatisfy { values[$0] == round + $0 })
    }
  }

  @Test func `workers that sleep wake up`() {
    for _ in 0..<5 {
      usleep(20_000)
      let total = Counter()
      ThreadPool.shared.run(4) { _ in total.add() }
      #expect(total.value == 4)
    }
  }

  @Test func `more threads than cores give the same results`() async {
    await #expect(processExitsWith: .success) {
      ThreadPool.shared.threads = 9
      for tasks in 1..<40 {
        let total = Counter()
        ThreadPool.shared.run(tasks) { _ in total.add() }
        #expect(total.value == tasks)
      }
      ThreadPool.shared.threads = 1
      let total = Counter()
      ThreadPool.shared.run(10) { _ in total.add() }
      #expect(total.value == 10)
    }
  }

  @Test func `where the system refuses threads, the caller does the work`() async {
    await #expect(processExitsWith: .success) {
      ThreadPool.shared.threads = 64
      // No room for the stack of another thread.
      let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
      let used = try #require(pages.first.flatMap { rlim_t($0) }) * 4096
      var limit = rlimit(rlim_cur: used + 1 << 20, rlim_max: rlim_t.max)
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      for tasks in 1..<100 {
        let total = Counter()
        ThreadPool.shared.run(tasks) { _ in total.add() }
        #expect(total.value == tasks)
      }
    }
  }

  @Test func `a pool of no threads traps`() async {
    await #expect(processExitsWith: .failure) { ThreadPool.shared.threads = 0 }
  }
}

private final class Counter: Sendable {
  private let count = Atomic<Int>(0)
  var value: Int { count.load(ordering: .sequentiallyConsistent) }
  func add() { count.add(1, ordering: .relaxed) }
}
