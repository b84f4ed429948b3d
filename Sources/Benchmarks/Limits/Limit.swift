// The bounds that a machine puts on a computation.

/// What a kernel can't be faster than.
package enum Limit: String, Sendable, Hashable, CaseIterable {
  /// Bytes a second that come from memory.
  case read
  /// Bytes a second that are read and written elsewhere in memory.
  case copy
  /// Multiplications and additions a second on data in registers, by the type of the factors.
  case f32, bf16, int16, int8

  package var unit: Unit {
    switch self {
    case .read, .copy: .bandwidth
    case .f32, .bf16: .flops
    case .int16, .int8: .operations
    }
  }

  /// What it is, for a table.
  package var title: String {
    switch self {
    case .read: "memory read"
    case .copy: "memory copy"
    case .f32, .bf16, .int16, .int8: "peak \(rawValue)"
    }
  }
}
