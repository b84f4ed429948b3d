// Small files that claim to be large, and large ones that hold nothing: refused in one sentence, with no more than 64 MiB
// beyond what mlt takes to start. Each format's own tests have the ways to lie; these are the costly ones.

import Foundation
import SafeIO
import TestSupport
import Testing

@Suite struct HostileFileCostTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private static let allowance = 64 << 20

  private func refuse(
    _ arguments: [String], saying words: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let start = try Mlt.cost(["--version"])
    let cost = try Mlt.cost(arguments + ["--quiet"])
    #expect(cost.status == 65, "\(cost.stderr)", sourceLocation: sourceLocation)
    #expect(cost.stderr.contains(words), "\(cost.stderr)", sourceLocation: sourceLocation)
    #expect(cost.stderr.split(separator: "\n").count == 1, "\(cost.stderr)", sourceLocation: sourceLocation)
    #expect(cost.stderr.utf8.count < 2000, sourceLocation: sourceLocation)
    #expect(
      cost.peakMemory < start.peakMemory + Self.allowance, "\(cost.peakMemory >> 20) MiB",
      sourceLocation: sourceLocation)
    #expect(!Files.exists(scratch.path + "/out"), sourceLocation: sourceLocation)
  }

  /// A file of zeros that takes no place on the disk, with some bytes in front.
  private func sparse(_ name: String, _ beginning: [UInt8], size: Int) throws -> String {
    let path = try scratch.write(beginning, name)
    #expect(truncate(path, size) == 0)
    return path
  }

  private static func number(_ value: UInt64) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) }
  }

  @Test(arguments: [
    (UInt64(1) << 63, "states a header of"), (UInt64.max, "states a header of"),
    (100_000_000, "past the end"),
  ])
  func `a header longer than its file costs nothing`(length: UInt64, words: String) throws {
    let file = try scratch.write(Self.number(length) + [UInt8]("{}".utf8), "model.safetensors")
    try refuse(["inspect", file], saying: words)
  }

  @Test func `a tensor of 2^62 elements costs nothing`() throws {
    let header = [UInt8](
      #"{"a":{"dtype":"U8","shape":[4611686018427387904],"data_offsets":[0,4611686018427387904]}}"#.utf8)
    let file = try scratch.write(Self.number(UInt64(header.count)) + header, "model.safetensors")
    try refuse(["inspect", file], saying: "too large to be true")
  }

  @Test func `an index and a configuration that nest without end cost nothing`() throws {
    let model = scratch.path + "/model"
    try TinyModel().write(to: model)
    let deep = String(repeating: "[", count: 5_000_000)
    try scratch.write("{\"weight_map\":\(deep)", "model/model.safetensors.index.json")
    try refuse(
      ["convert", "--model", model, "--out", scratch.path + "/out"], saying: "nested deeper than 64")
    try scratch.write("{\"hidden_size\":\(deep)", "model/config.json")
    try refuse(
      ["convert", "--model", model, "--out", scratch.path + "/out"], saying: "nested deeper than 64")
    try scratch.write("{\"hidden_size\":1\(String(repeating: "0", count: 1_000_000))}", "model/config.json")
    try refuse(["convert", "--model", model, "--out", scratch.path + "/out"], saying: "more than 400 digits")
    let large = try sparse("model/config.json", [UInt8]("{".utf8), size: 1 << 40)
    try refuse(["convert", "--model", model, "--out", scratch.path + "/out"], saying: "at most")
    #expect(try Files.size(large) == 1 << 40)
  }

  @Test func `a row of a gigabyte costs no more than a row may have`() throws {
    try TinyModel().write(to: scratch.path + "/model")
    let train = [
      "lora", "--model", scratch.path + "/model", "--iters", "1", "--out", scratch.path + "/out", "--data",
    ]
    let zeros = try sparse("zeros.jsonl", [UInt8]("{\"text\": \"".utf8), size: 1 << 30)
    try refuse(train + [zeros], saying: "longer than 16 MiB")
    let deep = try scratch.write(String(repeating: "{\"a\":", count: 1_000_000), "deep.jsonl")
    try refuse(train + [deep], saying: "nested deeper than 64")
  }

  @Test func `a bomb costs no more than its window`() throws {
    try TinyModel().write(to: scratch.path + "/model")
    // A frame without flags, of a window of 1 MiB, whose blocks each repeat one byte 128 Ki times: 128 GB of them.
    func bomb(_ byte: UInt8) -> [UInt8] {
      let block: [UInt8] = [(1 << 1) | 0, 0, 0x10, byte]
      return [0x28, 0xB5, 0x2F, 0xFD, 0, 10 << 3]
        + [[UInt8]](repeating: block, count: 1 << 20).flatMap(\.self)
    }
    let train = [
      "lora", "--model", scratch.path + "/model", "--iters", "1", "--out", scratch.path + "/out", "--data",
    ]
    try refuse(train + [scratch.write(bomb(10), "lines.jsonl.zst")], saying: "1000 times")
    try refuse(train + [scratch.write(bomb(32), "line.jsonl.zst")], saying: "longer than 16 MiB")
    try refuse(
      ["unpack", scratch.write(bomb(0), "zeros.tar.zst"), scratch.path + "/out"], saying: "times its size")
  }

  @Test func `an HDF5 file with a part of nonsense costs no more`() throws {
    try TinyModel().write(to: scratch.path + "/model")
    let made = try Mlt.run(
      ["convert", "--model", "model", "--format", "hdf5", "--out", "h5"], in: scratch.path)
    #expect(made.status == 0, "\(made.stderr)")
    let whole = try Files.read(path: scratch.path + "/h5/model.h5")
    for start in stride(from: 8, to: 1200, by: 97) {
      var bytes = whole
      for index in start..<start + 16 { bytes[index] = 0xff }
      let file = try scratch.write(bytes, "damaged.h5")
      let cost = try Mlt.cost(["inspect", file])
      #expect(cost.status == 65 || cost.status == 0, "\(cost.stderr)")
      #expect(try cost.peakMemory < Mlt.cost(["--version"]).peakMemory + Self.allowance)
    }
  }
}
