// Which rows make up which batch. The plan is a function of the configuration and of one number, the cursor, so a
// checkpoint needs to remember nothing else of the data.

import SafeIO
import TensorCore

/// The endless sequence of rows, and how it is cut into micro batches.
///
/// Rows come in their order, or in a new random order each epoch; a batch may reach over the end of an epoch. There
/// is no padding in this project, so packing only changes where a batch ends: without it after `batchSize` rows,
/// with it before the row that would exceed `batchSize · maxSeqLength` tokens, and at the end of an epoch.
package struct BatchPlan: Sendable {
  /// Tokens of each row.
  private let lengths: [Int]
  private let batchSize: Int
  /// Most tokens of a packed batch; nil without packing.
  private let tokenBudget: Int?
  /// The seed of the shuffle; nil keeps the rows' order.
  private let shuffleSeed: Int?
  /// The random order made last: epochs follow each other, so one is enough.
  private var epoch = -1
  private var order: [Int] = []

  /// - Parameter lengths: tokens of each row, at least one row.
  package init(lengths: [Int], configuration: TrainingConfiguration) {
    precondition(!lengths.isEmpty)
    self.lengths = lengths
    batchSize = configuration.batchSize
    tokenBudget = configuration.packing ? configuration.batchSize * configuration.maxSeqLength : nil
    shuffleSeed = configuration.shuffle ? configuration.seed : nil
  }

  /// The rows of the micro batch that begins at `cursor`, and moves the cursor behind them.
  package mutating func next(cursor: inout Int) -> [Int] {
    var rows = [row(at: cursor)]
    cursor += 1
    var tokens = lengths[rows[0]]
    while true {
      let candidate = row(at: cursor)
      tokens += lengths[candidate]
      let fits =
        tokenBudget.map { tokens <= $0 && cursor % lengths.count != 0 } ?? (rows.count < batchSize)
      guard fits else { return rows }
      rows.append(candidate)
      cursor += 1
    }
  }

  /// Optimizer steps until every row was seen `epochs` times.
  ///
  /// - Throws: `interrupted`: many epochs of many rows are long to walk through.
  package mutating func steps(epochs: Double, accumulation: Int) throws(Failure) -> Int {
    let wanted = epochs * Double(lengths.count)
    var cursor = 0
    var batches = 0
    while Double(cursor) < wanted {
      try Interruption.check()
      _ = next(cursor: &cursor)
      batches += 1
    }
    return (batches + accumulation - 1) / accumulation
  }

  /// The row at a position of the endless sequence.
  private mutating func row(at position: Int) -> Int {
    let place = position % lengths.count
    guard let shuffleSeed else { return place }
    if epoch != position / lengths.count {
      epoch = position / lengths.count
      order = CounterRandom(seed: shuffleSeed, CounterRandom.hash("rows"), UInt64(epoch))
        .permutation(lengths.count)
    }
    return order[place]
  }
}
