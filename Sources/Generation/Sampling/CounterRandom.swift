// Random numbers as a pure function of seed and counter: no state to save, and the n-th number does not depend on
// how many were drawn before.

/// A counter-based generator: SplitMix64's output function over `seed` and the counter.
///
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014 (mix13 variant).
package struct CounterRandom: Sendable {
  private let key: UInt64

  package init(seed: UInt64) { key = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15) }

  /// The `counter`-th 64 random bits.
  package func bits(_ counter: UInt64) -> UInt64 {
    Self.mix(key &+ (counter &+ 1) &* 0x9E37_79B9_7F4A_7C15)
  }

  /// The `counter`-th number in 0 ..< 1, with 53 random bits.
  package func unit(_ counter: UInt64) -> Double { Double(bits(counter) >> 11) * 0x1p-53 }

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
