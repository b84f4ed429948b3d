// Which special tokens in a text are meant. What a template writes is; what stands in somebody's data is not, and the
// model must not obey it.

/// Where the special tokens that stand in a text are read as such.
package enum SpecialTokenReading: Sendable {
  case everywhere
  /// Nowhere: they are text, as with `split_special_tokens` of transformers.
  case nowhere
  /// Everywhere but where they touch code points for which this is true.
  case outside([Bool])

  /// Everywhere but where `data` stands in `text`; nil when it is not in it.
  package static func outside(_ data: String, in text: String) -> SpecialTokenReading? {
    let bytes = [UInt8](text.utf8)
    let places = ByteSearch([UInt8](data.utf8)).all(in: bytes, 0..<bytes.count)
    if places.isEmpty { return nil }
    var isData: [Bool] = []
    var next = places[...]
    for index in bytes.indices where !UTF8Text.isContinuation(bytes[index]) {
      if let place = next.first, index >= place.upperBound { next.removeFirst() }
      isData.append(next.first?.contains(index) ?? false)
    }
    return .outside(isData)
  }
}

/// The same for one piece of a text, by its bytes.
struct SpecialTokenPlaces {
  private var isNowhere = false
  /// How many bytes before each place are data; empty when none are.
  private var dataBefore: [Int] = []

  init(_ reading: SpecialTokenReading, in text: AlignedText) {
    switch reading {
    case .everywhere: break
    case .nowhere: isNowhere = true
    case .outside(let isData):
      dataBefore = [0]
      dataBefore.reserveCapacity(text.bytes.count + 1)
      var count = 0
      for origin in text.originOfEachByte() {
        if isData[Int(origin.start)..<Int(origin.end)].contains(true) { count += 1 }
        dataBefore.append(count)
      }
    }
  }

  /// Whether a special token at `range` is read as such.
  func read(_ range: Range<Int>) -> Bool {
    if dataBefore.isEmpty { return !isNowhere }
    return dataBefore[range.lowerBound] == dataBefore[range.upperBound]
  }
}
