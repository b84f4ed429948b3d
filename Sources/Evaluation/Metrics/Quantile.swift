// The one definition of a quantile: the nearest rank, so that it is always a value that was measured.

extension [Double] {
  /// The smallest value that at least the share `rank` of all values do not exceed; not a number without values.
  func quantile(_ rank: Double) -> Double {
    guard !isEmpty else { return .nan }
    return sorted()[Swift.min(count, Swift.max(1, Int((rank * Double(count)).rounded(.up)))) - 1]
  }
}
