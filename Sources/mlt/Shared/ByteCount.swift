// Sizes on the command line, in the units of transformers and huggingface_hub: KB is 1000 bytes, KiB 1024.

import ArgumentParser

/// A number of bytes as `2GB`, `1.5GiB` or `500000`.
struct ByteCount: ExpressibleByArgument, Equatable {
  private static let units: [(name: String, bytes: Double)] = [
    ("KIB", 0x1p10), ("MIB", 0x1p20), ("GIB", 0x1p30), ("TIB", 0x1p40), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9),
    ("TB", 1e12), ("B", 1),
  ]

  let bytes: Int

  init?(argument: String) {
    let text = argument.uppercased()
    let unit = Self.units.first { text.hasSuffix($0.name) }
    let number = text.dropLast(unit?.name.count ?? 0)
    guard !number.isEmpty, number.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
      let value = Double(number)
    else { return nil }
    let size = value * (unit?.bytes ?? 1)
    guard 1...0x1p62 ~= size else { return nil }
    bytes = Int(size)
  }
}
