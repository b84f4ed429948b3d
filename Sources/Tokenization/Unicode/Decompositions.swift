// Reads the mapping tables once, and expands them.

/// Which scalars decompose to which, in full, and which pairs compose.
struct Decompositions: Sendable {
  static let canonical = Decompositions(CanonicalMappings.entries, base: nil)
  static let compatible = Decompositions(CompatibilityMappings.entries, base: canonical)

  private var full: [UInt32: [UInt32]] = [:]
  private var excluded: Set<UInt32> = []
  private var composites: [UInt64: UInt32] = [:]
  private var seconds: Set<UInt32> = []

  /// The full decomposition, nil for a scalar that has none.
  ///
  /// Hangul syllables are not here.
  func mapping(of scalar: UInt32) -> [UInt32]? { full[scalar] }

  /// Whether composition never makes this scalar again.
  func isExcluded(_ scalar: UInt32) -> Bool { excluded.contains(scalar) }

  /// The primary composite of two scalars.
  func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
    composites[UInt64(first) << 32 | UInt64(second)]
  }

  /// Whether the scalar is the second of a pair that composes.
  func isSecond(_ scalar: UInt32) -> Bool { seconds.contains(scalar) }

  private init(_ entries: String, base: Decompositions?) {
    var direct: [UInt32: [UInt32]] = [:]
    var isExcluded = false
    var numbers: [UInt32] = []
    var number: UInt32 = 0
    // One pass over the bytes: this runs at start-up, and splitting strings would take longer than tokenizing.
    for byte in (entries + ";").utf8 {
      switch byte {
      case UInt8(ascii: "!"): isExcluded = true
      case UInt8(ascii: " "):
        numbers.append(number)
        number = 0
      case UInt8(ascii: ";"), UInt8(ascii: "\n"):
        numbers.append(number)
        direct[numbers[0]] = Array(numbers.dropFirst())
        // What decomposes to a single scalar is never made again either.
        if isExcluded || numbers.count == 2 {
          excluded.insert(numbers[0])
        } else if base == nil, numbers.count == 3 {
          composites[UInt64(numbers[1]) << 32 | UInt64(numbers[2])] = numbers[0]
          seconds.insert(numbers[2])
        }
        isExcluded = false
        numbers.removeAll(keepingCapacity: true)
        number = 0
      case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt32(byte - UInt8(ascii: "0"))
      default: number = number << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
      }
    }
    func expand(_ scalar: UInt32) -> [UInt32] {
      if let parts = direct[scalar] { return parts.flatMap(expand) }
      return base?.full[scalar].map { $0.flatMap(expand) } ?? [scalar]
    }
    full = direct.mapValues { $0.flatMap(expand) }
    // A canonical decomposition may hold what is only compatible: U+1E9B is ſ with a dot, and ſ is compatible with s.
    for scalar in base.map({ Array($0.full.keys) }) ?? [] where full[scalar] == nil {
      full[scalar] = expand(scalar)
    }
  }
}
