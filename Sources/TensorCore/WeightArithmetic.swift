// How products with stored weights round. A matrix is told when it is loaded, so that two models in one process can
// differ: a student under training and the reference it is measured against.

/// The arithmetic of products with a stored weight matrix; sums are f32 in all of them.
package enum Arithmetic: String, Sendable, CaseIterable {
  /// Weights widened to f32, activations as they are.
  case exact
  /// Activations and weights rounded to 16 bits: pairs of bf16 where the CPU multiplies those, else integers that share
  /// a scale in blocks, else f32.
  ///
  /// Weights stored as f32 stay exact.
  case sixteenBit = "16-bit"
  /// Activations rounded to 8 bits for weights that are quantized, 16-bit products for others.
  case eightBit = "8-bit"
}

extension Arithmetic {
  /// Matrices of at most so many columns are multiplied exactly, whatever they were told: there is little to gain.
  static let exactColumns = 512

  /// What a record of a result keeps: the bits, and the kernels that decide how 16 of them are rounded.
  package var record: String { self == .exact ? rawValue : "\(rawValue) \(Gemm.nameOf16Bits)" }
}
