// Several decoders, one after the other.

import SafeIO

/// `Sequence`.
struct SequenceDecoder: TokenDecoder {
  private let steps: [any TokenDecoder]

  init(_ fields: Fields) throws(Failure) { steps = try TokenDecoders.table.makeAll(fields, "decoders") }

  func decode(_ tokens: [String]) -> [String] { steps.reduce(tokens) { $1.decode($0) } }

  func bytesInMiddle(_ bytes: [UInt8], isFused: inout Bool) -> [UInt8] {
    var bytes = bytes
    for step in steps { bytes = step.bytesInMiddle(bytes, isFused: &isFused) }
    return bytes
  }
}
