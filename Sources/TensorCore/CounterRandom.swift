// Random numbers without state: number i of a stream is a function of the stream's key and i alone. So a dropout
// mask can be made again when a checkpointed block is recomputed, and a resumed run needs no generator restored.

import Glibc

/// A stream of random numbers that is addressed by position.
///
/// Number `i` is the finalizer of SplitMix64 over `key + (i + 1) · 0x9E3779B97F4A7C15` (Steele, Lea and Flood, "Fast
/// splittable pseudorandom number generators", OOPSLA 2014, section 4), so a stream equals SplitMix64 seeded with
/// its key.
package struct CounterRandom: Sendable, Equatable {
  package let key: UInt64

  /// A stream for one purpose; different `parts` give unrelated streams.
  package init(seed: Int, _ parts: UInt64...) {
    var key = Self.mix(UInt64(bitPattern: Int64(seed)))
    for part in parts { key = Self.mix(key ^ Self.mix(part &+ 0x9E37_79B9_7F4A_7C15)) }
    self.key = key
  }

  /// The stream of a seed and a name; different names give unrelated streams.
  package init(seed: Int, name: String) {
    key = Self.mix(Self.mix(UInt64(bitPattern: Int64(seed))) ^ Self.hash(name))
  }

  /// Number `index` of the stream, 64 random bits.
  package func bits(_ index: Int) -> UInt64 {
    Self.mix(key &+ (UInt64(bitPattern: Int64(index)) &+ 1) &* 0x9E37_79B9_7F4A_7C15)
  }

  /// Number `index` as a float in [0, 1), a multiple of 2^-24.
  package func uniform(_ index: Int) -> Float { Float(bits(index) >> 40) * 0x1p-24 }

  /// Number `index` as a double in [0, 1), a multiple of 2^-53.
  package func unit(_ index: Int) -> Double { Double(bits(index) >> 11) * 0x1p-53 }

  /// Normally distributed number `index`, with mean 0 and deviation 1.
  ///
  /// Pairs come from two uniform numbers each (Box and Muller 1958, "A Note on the Generation of Random Normal
  /// Deviates", Ann. Math. Statist. 29).
  package func normal(_ index: Int) -> Double {
    // In (0, 1], so that the logarithm is finite.
    let radius = sqrt(-2 * log(1 - unit(index & ~1)))
    let angle = 2 * Double.pi * unit(index | 1)
    return radius * (index & 1 == 0 ? cos(angle) : sin(angle))
  }

  /// A random order of `0 ..< count` (Fisher and Yates, from the end; the modulo bias is below count / 2^64).
  package func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, Int(bits(last) % UInt64(last + 1)))
    }
    return order
  }

  /// A number for a name, the same on every machine: FNV-1a, 64 bits.
  package static func hash(_ name: String) -> UInt64 {
    name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
