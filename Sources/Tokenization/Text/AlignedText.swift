// Text on its way to the model. Normalizers and pre-tokenizers rewrite it; every byte remembers which part of the
// original text it stands for, so that a token can say where it came from. As long as nothing was rewritten, the
// places are counted, not stored.

import SafeIO

/// UTF-8 text with the place in the original that each byte stands for.
struct AlignedText: Sendable {
  /// A range of code points in the original text.
  struct Origin: Sendable, Equatable {
    var start: UInt32
    var end: UInt32
  }

  private(set) var bytes: [UInt8]
  /// The origin of each byte; nil while the text is a piece of the original as it was.
  private(set) var origins: [Origin]?
  /// The code point of the original at which the piece starts; it matters while `origins` is nil.
  private let firstCodePoint: Int
  /// A longer text is not made.
  private let maximumCount: Int

  /// How much longer than the original a text may become: a chain of steps that each double it must end somewhere.
  ///
  /// The steps of real tokenizers stay below a factor of 12.
  private static let maximumGrowth = 32

  /// A piece of the original text that starts at its code point `firstCodePoint`.
  init(original bytes: [UInt8], firstCodePoint: Int = 0) {
    self.bytes = bytes
    self.firstCodePoint = firstCodePoint
    maximumCount = max(256, bytes.count * Self.maximumGrowth)
  }

  private init(bytes: [UInt8], origins: [Origin]?, firstCodePoint: Int, maximumCount: Int) {
    self.bytes = bytes
    self.origins = origins
    self.firstCodePoint = firstCodePoint
    self.maximumCount = maximumCount
  }

  var isEmpty: Bool { bytes.isEmpty }
  var string: String { String(decoding: bytes, as: UTF8.self) }

  /// The scalars in order.
  var scalars: [UInt32] {
    var scalars: [UInt32] = []
    scalars.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      let (value, length) = UTF8Text.scalar(in: bytes, at: index)
      scalars.append(value)
      index += length
    }
    return scalars
  }

  /// The parts in `ranges`, which start and end between scalars and mostly ascend.
  func slices(_ ranges: [Range<Int>]) -> [AlignedText] {
    var counted = 0
    var codePoint = firstCodePoint
    // A part may grow as much as its share of the whole.
    let growth = Double(maximumCount) / Double(max(bytes.count, 1))
    return ranges.map { range in
      if range.lowerBound < counted { (counted, codePoint) = (0, firstCodePoint) }
      codePoint += UTF8Text.count(in: bytes, counted..<range.lowerBound)
      counted = range.lowerBound
      return AlignedText(
        bytes: Array(bytes[range]), origins: origins.map { Array($0[range]) }, firstCodePoint: codePoint,
        maximumCount: max(256, Int(Double(range.count) * growth)))
    }
  }

  /// Whether the byte at `index` comes from the first code point of the original text.
  func isFromStart(_ index: Int) -> Bool {
    origins.map { $0[index].start == 0 } ?? (firstCodePoint == 0 && index == 0)
  }

  /// Gives the origins of ranges that are asked for from left to right.
  struct OriginCursor {
    private var byte = 0
    private var scalarsBefore = 0
    private var last: (range: Range<Int>, origin: Range<Int>) = (0..<0, 0..<0)

    /// - Parameter range: behind the range before, or that range again.
    mutating func origin(of range: Range<Int>, in text: borrowing AlignedText) -> Range<Int> {
      if range != last.range { last = (range, newOrigin(of: range, in: text)) }
      return last.origin
    }

    private mutating func newOrigin(of range: Range<Int>, in text: borrowing AlignedText) -> Range<Int> {
      let last = min(range.upperBound, text.bytes.count) - 1
      guard range.lowerBound <= last else { return range }
      if let origins = text.origins {
        let start = Int(origins[range.lowerBound].start)
        return start..<max(start, Int(origins[last].end))
      }
      advance(to: range.lowerBound + 1, in: text)
      let start = text.firstCodePoint + scalarsBefore - 1
      advance(to: last + 1, in: text)
      return start..<text.firstCodePoint + scalarsBefore
    }

    private mutating func advance(to end: Int, in text: borrowing AlignedText) {
      while byte < end {
        if !UTF8Text.isContinuation(text.bytes[byte]) { scalarsBefore += 1 }
        byte += 1
      }
    }
  }
}

// MARK: Rewriting

extension AlignedText {
  /// One scalar of a rewritten text.
  struct Change {
    var scalar: UInt32
    /// 0: it stands in place of the next scalar; 1: it is new, and belongs to the scalar before; -n: it stands in
    /// place of the next one, and the n after that are gone.
    var shift: Int
  }

  /// Rewrites the whole text, scalar by scalar, as `NormalizedString::transform` of the `tokenizers` library.
  /// - Parameter removedAtStart: how many scalars at the beginning are gone.
  mutating func transform(_ changes: [Change], removedAtStart: Int = 0) {
    let old = originOfEachByte()
    var newBytes: [UInt8] = []
    var newOrigins: [Origin] = []
    newBytes.reserveCapacity(bytes.count)
    newOrigins.reserveCapacity(bytes.count)
    var position = skip(removedAtStart, from: 0)
    for change in changes {
      let origin: Origin
      if change.shift > 0 {
        origin = position == 0 ? Origin(start: startOfPiece(old), end: startOfPiece(old)) : old[position - 1]
      } else {
        origin = old[position]
        position = skip(1 - change.shift, from: position)
      }
      UTF8Text.append(change.scalar, to: &newBytes)
      while newOrigins.count < newBytes.count { newOrigins.append(origin) }
    }
    if newBytes == bytes { return }
    bytes = newBytes
    origins = newOrigins
  }

  /// Rewrites the whole text as `transform` does, where it may get longer.
  mutating func lengthen(_ changes: [Change]) throws(Failure) {
    try check(growth: changes.reduce(-bytes.count) { $0 + UTF8Text.length(of: $1.scalar) })
    transform(changes)
  }

  /// Removes the scalars for which `isKept` does not hold.
  ///
  /// What stood before a scalar that is kept gets its place too.
  mutating func filter(_ isKept: (UInt32) -> Bool) {
    let scalars = self.scalars
    guard let firstRemoved = scalars.firstIndex(where: { !isKept($0) }) else { return }
    var changes = scalars[..<firstRemoved].map { Change(scalar: $0, shift: 0) }
    var removedAtStart = 0
    for scalar in scalars[firstRemoved...] {
      if isKept(scalar) {
        changes.append(Change(scalar: scalar, shift: 0))
      } else if changes.isEmpty {
        removedAtStart += 1
      } else {
        changes[changes.count - 1].shift -= 1
      }
    }
    transform(changes, removedAtStart: removedAtStart)
  }

  /// Puts another scalar in place of each.
  mutating func map(_ replacement: (UInt32) -> UInt32) {
    if mapASCII(replacement) { return }
    let scalars = self.scalars
    guard scalars.contains(where: { replacement($0) != $0 }) else { return }
    transform(scalars.map { Change(scalar: replacement($0), shift: 0) })
  }

  /// Puts another scalar in place of each where the text is ASCII and stays so; else does nothing and gives false.
  ///
  /// No place changes then.
  mutating func mapASCII(_ replacement: (UInt32) -> UInt32) -> Bool {
    guard bytes.allSatisfy({ $0 < 0x80 && replacement(UInt32($0)) < 0x80 }) else { return false }
    for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: replacement(UInt32(bytes[index]))) }
    return true
  }

  /// Puts `content` in place of each of `ranges`, which ascend.
  ///
  /// The new text belongs to the last scalar replaced.
  /// - Throws: `Failure.badData` when the text gets too long, as `insert` and `mapBytes` do.
  mutating func replace(_ ranges: [Range<Int>], with content: [UInt8]) throws(Failure) {
    if ranges.isEmpty { return }
    try check(growth: ranges.reduce(0) { $0 + content.count - $1.count })
    let old = originOfEachByte()
    var newBytes: [UInt8] = []
    var newOrigins: [Origin] = []
    newBytes.reserveCapacity(bytes.count + ranges.count * content.count)
    newOrigins.reserveCapacity(bytes.count + ranges.count * content.count)
    var position = 0
    for range in ranges {
      newBytes += bytes[position..<range.lowerBound]
      newOrigins += old[position..<range.lowerBound]
      let start = startOfPiece(old)
      let origin = range.upperBound == 0 ? Origin(start: start, end: start) : old[range.upperBound - 1]
      for byte in content {
        newBytes.append(byte)
        newOrigins.append(origin)
      }
      position = range.upperBound
    }
    newBytes += bytes[position...]
    newOrigins += old[position...]
    bytes = newBytes
    origins = newOrigins
  }

  /// Inserts `content` at each of `positions`, which ascend.
  ///
  /// It belongs to the scalar that follows.
  mutating func insert(_ content: [UInt8], at positions: [Int]) throws(Failure) {
    if positions.isEmpty { return }
    try check(growth: positions.count * content.count)
    let old = originOfEachByte()
    var newBytes: [UInt8] = []
    var newOrigins: [Origin] = []
    var position = 0
    for insertion in positions {
      newBytes += bytes[position..<insertion]
      newOrigins += old[position..<insertion]
      for byte in content {
        newBytes.append(byte)
        newOrigins.append(old[insertion])
      }
      position = insertion
    }
    bytes = newBytes + bytes[position...]
    origins = newOrigins + old[position...]
  }

  /// Puts `replacement(byte)` in place of every byte, with the byte's origin.
  mutating func mapBytes(_ replacement: (UInt8) -> UInt32) throws(Failure) {
    try check(growth: bytes.reduce(0) { $0 + (replacement($1) < 0x80 ? 0 : 1) })
    let old = originOfEachByte()
    var newBytes: [UInt8] = []
    var newOrigins: [Origin] = []
    newBytes.reserveCapacity(bytes.count * 2)
    newOrigins.reserveCapacity(bytes.count * 2)
    for index in bytes.indices {
      UTF8Text.append(replacement(bytes[index]), to: &newBytes)
      while newOrigins.count < newBytes.count { newOrigins.append(old[index]) }
    }
    bytes = newBytes
    origins = newOrigins
  }

  /// A text that is put together anew from the parts of another.
  struct Rewriting {
    fileprivate var bytes: [UInt8] = []
    fileprivate var origins: [Origin] = []
    private let old: [Origin]
    private let end: UInt32
    /// As of the text itself.
    private let maximumCount: Int

    init(of text: AlignedText) {
      maximumCount = text.maximumCount
      old = text.originOfEachByte()
      end = old.last?.end ?? UInt32(text.firstCodePoint)
      bytes.reserveCapacity(text.bytes.count + text.bytes.count / 2)
      origins.reserveCapacity(text.bytes.count + text.bytes.count / 2)
    }

    /// Appends what stands for the bytes in `range` of the old text, which begins and ends between scalars.
    @inline(__always)
    mutating func append(_ content: [UInt8], from range: Range<Int>) {
      for byte in content { append(byte, from: range) }
    }

    /// What is more than a text may grow is not appended; then `apply` fails.
    @inline(__always)
    mutating func append(_ byte: UInt8, from range: Range<Int>) {
      if bytes.count > maximumCount { return }
      bytes.append(byte)
      origins.append(origin(of: range))
    }

    /// Takes `content` away from the end as often as it stands there.
    mutating func removeLast(_ content: [UInt8]) {
      while bytes.suffix(content.count).elementsEqual(content) {
        bytes.removeLast(content.count)
        origins.removeLast(content.count)
      }
    }

    @inline(__always)
    private func origin(of range: Range<Int>) -> Origin {
      let start = range.lowerBound < old.count ? old[range.lowerBound].start : end
      return Origin(start: start, end: range.isEmpty ? start : max(start, old[range.upperBound - 1].end))
    }
  }

  /// Puts the rewritten text in place of this one.
  mutating func apply(_ rewriting: Rewriting) throws(Failure) {
    try check(growth: rewriting.bytes.count - bytes.count)
    // The pieces of a map from outside need not be UTF-8; every later step relies on it.
    guard String(validating: rewriting.bytes, as: UTF8.self) != nil else {
      throw .badData("the tokenizer", "its normalizer makes a text that is not UTF-8")
    }
    bytes = rewriting.bytes
    origins = rewriting.origins
  }

  /// Throws when the text may not become longer by so many bytes.
  func check(growth: Int) throws(Failure) {
    guard growth <= maximumCount - bytes.count || growth <= 0 else {
      throw .badData(
        "tokenizer.json",
        "its steps make a text more than \(Self.maximumGrowth) times as long as it was, which is refused")
    }
  }

  private func startOfPiece(_ origins: [Origin]) -> UInt32 { origins.first?.start ?? UInt32(firstCodePoint) }

  private func skip(_ count: Int, from start: Int) -> Int {
    var position = start
    for _ in 0..<count where position < bytes.count {
      position += UTF8Text.length(ofLead: bytes[position])
    }
    return position
  }

  /// The origins, counted when they are not stored.
  func originOfEachByte() -> [Origin] {
    if let origins { return origins }
    var stored: [Origin] = []
    stored.reserveCapacity(bytes.count)
    var place = UInt32(firstCodePoint)
    for byte in bytes {
      if !UTF8Text.isContinuation(byte) { place += 1 }
      stored.append(Origin(start: place - 1, end: place))
    }
    return stored
  }
}
