// Normally distributed numbers without state: number i of a stream depends on seed, name and i alone, so that initial
// weights do not depend on the order in which they are made.

import Glibc

/// A stream of normally distributed numbers, addressed by position.
struct NormalStream {
  private let key: UInt64

  /// The stream of a seed and a name; different names give unrelated streams.
  init(seed: UInt64, name: String) {
    // FNV-1a, 64 bits.
    let hash = name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    key = Self.mix(Self.mix(seed) ^ hash)
  }

  /// The first `count` numbers, with mean 0.
  ///
  /// Pairs come from two uniform numbers each (Box and Muller 1958, "A Note on the Generation of Random Normal
  /// Deviates", Ann. Math. Statist. 29).
  func numbers(_ count: Int, deviation: Float) -> [Float] {
    (0..<count).map { index in
      // In (0, 1], so that the logarithm is finite.
      let radius = sqrt(-2 * log(1 - uniform(index & ~1)))
      let angle = 2 * Double.pi * uniform(index | 1)
      return Float(radius * (index & 1 == 0 ? cos(angle) : sin(angle))) * deviation
    }
  }

  /// Number `index` in [0, 1), a multiple of 2^-53.
  private func uniform(_ index: Int) -> Double {
    Double(Self.mix(key &+ (UInt64(index) &+ 1) &* 0x9E37_79B9_7F4A_7C15) >> 11) * 0x1p-53
  }

  /// The finalizer of SplitMix64 (Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom Number Generators").
  private static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
