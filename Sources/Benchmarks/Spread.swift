// Several runs of one thing as three numbers. The median is what is reported: one run beside a busy neighbour moves it
// little.

/// The median and the extremes of some measurements.
package struct Spread: Sendable, Equatable {
  package let median: Double
  package let least: Double
  package let most: Double

  init(median: Double, least: Double, most: Double) {
    (self.median, self.least, self.most) = (median, least, most)
  }

  /// - Parameter values: at least one; of an even number the median is the mean of the middle two.
  package init(_ values: [Double]) {
    precondition(!values.isEmpty, "nothing was measured")
    let sorted = values.sorted()
    let middle = sorted.count / 2
    median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    least = sorted[0]
    most = sorted[sorted.count - 1]
  }
}
