import FineTuning
import Testing

/// Which rows come when.
@Suite struct BatchPlanTests {
  private func plan(
    _ lengths: [Int], _ change: (inout TrainingConfiguration) -> Void
  ) -> BatchPlan {
    var configuration = TrainingConfiguration()
    change(&configuration)
    return BatchPlan(lengths: lengths, configuration: configuration)
  }

  private func batches(_ plan: BatchPlan, _ count: Int, from start: Int = 0) -> [[Int]] {
    var (plan, cursor) = (plan, start)
    return (0..<count).map { _ in plan.next(cursor: &cursor) }
  }

  @Test func `without shuffling rows come in order and begin again`() {
    let plan = plan([5, 5, 5, 5, 5]) {
      $0.shuffle = false
      $0.batchSize = 2
    }
    #expect(batches(plan, 4) == [[0, 1], [2, 3], [4, 0], [1, 2]])
  }

  @Test func `a shuffled epoch has every row once, and each epoch another order`() {
    let plan = plan([Int](repeating: 3, count: 10)) {
      $0.batchSize = 5
      $0.seed = 3
    }
    let found = batches(plan, 4)
    let epochs = [found[0] + found[1], found[2] + found[3]]
    for epoch in epochs { #expect(epoch.sorted() == Array(0..<10)) }
    #expect(epochs[0] != epochs[1])
    #expect(epochs[0] != Array(0..<10))
  }

  @Test(arguments: 0..<8) func `the cursor alone decides what comes next`(batch: Int) {
    let plan = plan([1, 2, 3, 4, 5, 6, 7]) { $0.batchSize = 3 }
    #expect(batches(plan, 8).dropFirst(batch).elementsEqual(batches(plan, 8 - batch, from: batch * 3)))
  }

  @Test func `another seed gives another order`() {
    let lengths = [Int](repeating: 3, count: 20)
    let orders = (0..<3).map { seed in
      batches(
        plan(lengths) {
          $0.batchSize = 20
          $0.seed = seed
        }, 1)
    }
    #expect(Set(orders).count == 3)
  }

  @Test func `packing fills a batch up to its tokens and ends it with the epoch`() {
    let plan = plan([4, 4, 4, 9, 1, 2]) {
      $0.shuffle = false
      $0.packing = true
      $0.batchSize = 2
      $0.maxSeqLength = 5
    }
    #expect(batches(plan, 5) == [[0, 1], [2], [3, 4], [5], [0, 1]])
  }

  @Test(arguments: [(1.0, 1, 4), (1.0, 2, 2), (0.5, 1, 2), (2.0, 3, 3), (1.01, 1, 5)])
  func `epochs become optimizer steps`(epochs: Double, accumulation: Int, steps: Int) throws {
    var plan = plan([Int](repeating: 3, count: 8)) { $0.batchSize = 2 }
    #expect(try plan.steps(epochs: epochs, accumulation: accumulation) == steps)
  }
}
