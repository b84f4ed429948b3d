// Words of equal length, for models that read proteins and genomes.

import SafeIO

/// `FixedLength`.
struct FixedLengthPreTokenizer: PreTokenizer {
  /// In scalars.
  private let length: Int

  init(_ fields: Fields) throws(Failure) {
    length = try fields.int("length", default: 5)
    guard length > 0 else { throw fields.complaint("length", "must be larger than 0, found \(length)") }
  }

  func split(_ words: inout Words) throws(Failure) {
    try words.cut { bytes, range in
      var places: [Int] = []
      var count = 0
      for index in range where !UTF8Text.isContinuation(bytes[index]) {
        if count == length {
          places.append(index)
          count = 0
        }
        count += 1
      }
      return places
    }
  }
}
