// Where the parts of a packed matrix lie and how: what was found and checked in the files without reading a code.

import TensorCore
import WeightFiles

/// A matrix of integers with scales and zeros: value = (code − zero) · scale.
package struct PackedIntegers: Sendable, Equatable {
  package enum Codes: Sendable, Equatable {
    case words(TensorEntry, WordLayout)
    /// Signed bytes `[rows, columns]`; as codes, with 128 added.
    case bytes(TensorEntry)
  }

  package enum Zeros: Sendable, Equatable {
    /// The same for all groups.
    case constant(Int)
    /// Stored codes, to which `offset` is added.
    case words(TensorEntry, WordLayout, offset: Int)
    /// Signed bytes `[rows, groups]`, to which 128 is added.
    case bytes(TensorEntry)
  }

  package enum Groups: Sendable, Equatable {
    case runs(of: Int)
    /// `[columns]`, most often runs after all.
    case listed(TensorEntry, runs: Int)
  }

  package let rows: Int
  package let columns: Int
  /// Bits of a code.
  package let bits: Int
  package let codes: Codes
  package let scales: TensorEntry
  /// Whether scales lie as `[groups, rows]`.
  package let scalesAreTransposed: Bool
  /// Scales in a row of the matrix; files may hold more.
  package let groupCount: Int
  package let zeros: Zeros
  package let groups: Groups
}

/// A matrix of small floats with scales: value = number · scale.
package struct PackedFloats: Sendable, Equatable {
  /// What a scale is about.
  package enum Extent: Sendable, Equatable {
    case matrix
    case row
    /// So many successive columns of a row.
    case group(Int)
    case block(rows: Int, columns: Int)
  }

  package let rows: Int
  package let columns: Int
  package let number: NumberFormat
  package let codes: StoredTensor
  /// Floats, or u8 powers of two.
  package let scales: StoredTensor
  package let extent: Extent
  /// What all scales are divided by.
  package let divisor: TensorEntry?
}

/// A matrix as another tool has packed it.
package enum PackedForm: Sendable, Equatable {
  case integers(PackedIntegers)
  case floats(PackedFloats)

  package var tensors: [StoredTensor] {
    switch self {
    case .integers(let form):
      var entries: [TensorEntry]
      switch form.codes {
      case .words(let entry, _), .bytes(let entry): entries = [entry]
      }
      entries.append(form.scales)
      switch form.zeros {
      case .words(let entry, _, _), .bytes(let entry): entries.append(entry)
      case .constant: break
      }
      if case .listed(let entry, _) = form.groups { entries.append(entry) }
      return entries.map { StoredTensor($0) }
    case .floats(let form):
      return [form.codes, form.scales] + (form.divisor.map { [StoredTensor($0)] } ?? [])
    }
  }
}
