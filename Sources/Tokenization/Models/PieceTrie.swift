// All tokens that begin at a place of a text, found in one walk: a trie as a double array (Aoe 1989,
// doi:10.1109/32.31365), in which a step is two loads.
//
// Unsafe memory: the walk reads the array through a pointer; every index is compared with its count.

import SafeIO

/// Byte strings with an id each, by their prefixes.
struct PieceTrie: Sendable {
  private struct Unit {
    /// The child for a byte lies at `base + byte`, if its `parent` says so.
    var base: Int32 = 0
    var parent: Int32 = -1
    /// The id of the string that ends here, -1 for none.
    var id: Int32 = -1
  }

  private var units = [Unit()]
  /// Below, nearly all units are taken.
  private var firstFree = 1

  /// A longer token is refused: a text takes as many steps for each of its bytes.
  static let maximumLength = 1024

  /// Takes strings that are not empty; of equal ones the last counts.
  /// - Throws: `Failure.badData` when a string is longer than `maximumLength`.
  init(_ pieces: [(bytes: [UInt8], id: Int32)], source: String) throws(Failure) {
    for (bytes, id) in pieces where bytes.count > Self.maximumLength {
      throw .badData(
        source,
        "the token with id \(id) has \(bytes.count) bytes, at most \(Self.maximumLength) are supported")
    }
    let sorted = pieces.enumerated().sorted { left, right in
      if left.element.bytes == right.element.bytes { return left.offset < right.offset }
      return left.element.bytes.lexicographicallyPrecedes(right.element.bytes)
    }.map(\.element)
    var open = [(node: 0, range: 0..<sorted.count, depth: 0)]
    while let (node, range, depth) = open.popLast() {
      var index = range.lowerBound
      while index < range.upperBound, sorted[index].bytes.count == depth {
        units[node].id = sorted[index].id
        index += 1
      }
      var children: [(byte: UInt8, range: Range<Int>)] = []
      while index < range.upperBound {
        let byte = sorted[index].bytes[depth]
        let start = index
        while index < range.upperBound, sorted[index].bytes[depth] == byte { index += 1 }
        children.append((byte, start..<index))
      }
      if children.isEmpty { continue }
      let base = findBase(for: children.map { Int($0.byte) })
      units[node].base = Int32(base)
      for (byte, range) in children {
        units[base + Int(byte)].parent = Int32(node)
        open.append((base + Int(byte), range, depth + 1))
      }
    }
  }

  /// A place for children at which all of them find a free unit.
  private mutating func findBase(for bytes: [Int]) -> Int {
    var taken = 0
    var place = max(firstFree, bytes[0] + 1)
    let start = place
    while true {
      while units.count <= place + 256 { units.append(Unit()) }
      if units[place].parent >= 0 {
        taken += 1
      } else if bytes.allSatisfy({ units[place - bytes[0] + $0].parent < 0 }) {
        break
      }
      // Nobody looks for ever: behind the end everything is free.
      place = place - start < 4096 ? place + 1 : max(place + 1, units.count)
    }
    // Where hardly anything is free, nobody needs to look again.
    if taken * 20 >= (place - start + 1) * 19 { firstFree = max(firstFree, place) }
    return place - bytes[0]
  }

  /// Calls `body` with the end and the id of every string that stands at `start`, from the shortest to the longest.
  @inline(__always)
  func forEachMatch(
    in bytes: UnsafeBufferPointer<UInt8>, at start: Int, _ body: (_ end: Int, _ id: Int32) -> Void
  ) {
    units.withUnsafeBufferPointer { units in
      var node = 0
      var index = start
      while index < bytes.count {
        let child = Int(units[node].base) + Int(bytes[index])
        guard child < units.count else { return }
        let unit = units[child]
        guard unit.parent == Int32(truncatingIfNeeded: node) else { return }
        node = child
        index += 1
        if unit.id >= 0 { body(index, unit.id) }
      }
    }
  }
}
