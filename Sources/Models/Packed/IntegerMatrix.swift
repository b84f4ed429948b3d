// A packed matrix of integers: GPTQ, AWQ, and the integers of compressed-tensors. Where groups are runs of whole MLX groups,
// perhaps in another order of columns, and scales leave room for the codes in f32's mantissa, it is exactly MLX's affine format
// with bias −scale · zero; otherwise codes are kept a byte each, with zeros and the groups of columns beside them.
//
// UNSAFE, on purpose: pointers into fresh tensors. Pieces partition the rows, and each writes only its own.

import SafeIO
import TensorCore
import WeightFiles

/// Integers with scales and zeros.
final class IntegerMatrix: PackedMatrix {
  /// Weights that are worth a task of their own.
  private static let grain = 1 << 18

  private let form: PackedIntegers
  private let source: any WeightSource
  private let codes: UnsafeRawBufferPointer
  /// `[rows, groups]`, row by row.
  private let scales: [Float]
  private let zeros: [Float]
  /// The group of each column, where groups are no runs.
  private let columnGroups: [Int32]?
  /// The columns in an order in which groups are runs, where they are not.
  private let order: [Int32]?
  /// Columns of a run; 0 where no order makes runs of groups.
  private let runLength: Int
  /// The affine setting that holds every value, columns in that order, and the type of its scales and biases.
  private let affine: (setting: QuantizationSetting, scales: DType)?

  private var groupCount: Int { form.groupCount }

  init(_ form: PackedIntegers, _ source: any WeightSource, place: String) throws(Failure) {
    self.form = form
    self.source = source
    switch form.codes {
    case .words(let entry, _), .bytes(let entry): codes = try source.bytes(entry.name)
    }
    let scales = try Self.scales(form, source)
    let zeros = try Self.zeros(form, source)
    (self.scales, self.zeros) = (scales, zeros)
    switch form.groups {
    case .runs(let size): (runLength, columnGroups, order) = (size, nil, nil)
    case .listed(let entry, let run):
      let list = try Self.groups(entry, source, form, run: run, place: place)
      let sorted = list.indices.sorted { (list[$0], $0) < (list[$1], $1) }
      if zip(sorted, 0...).contains(where: { list[$0] != Int32($1 / run) }) {
        (runLength, columnGroups, order) = (0, list, nil)
      } else {
        let isOrdered = zip(sorted, 0...).allSatisfy { $0 == $1 }
        (runLength, columnGroups, order) = (
          run, isOrdered ? nil : list, isOrdered ? nil : sorted.map(Int32.init)
        )
      }
    }
    affine = Self.grid(form, runLength: runLength, scales: scales, zeros: zeros)
  }

  var mlx: (setting: QuantizationSetting, scales: DType)? { order == nil ? affine : nil }

  // MARK: Scales and zeros

  /// `[rows, groups]`, row by row.
  private static func scales(_ form: PackedIntegers, _ source: any WeightSource) throws(Failure) -> [Float] {
    let stored = try source.tensor(form.scales.name).floats()
    let (rows, groups) = (form.rows, form.groupCount)
    if stored.count == 1 { return Array(repeating: stored[0], count: rows * groups) }
    guard !form.scalesAreTransposed else {
      return (0..<rows * groups).map { stored[$0 % groups * rows + $0 / groups] }
    }
    let width = rows == 0 ? groups : stored.count / rows
    return (0..<rows * groups).map { stored[$0 / groups * width + $0 % groups] }
  }

  private static func zeros(_ form: PackedIntegers, _ source: any WeightSource) throws(Failure) -> [Float] {
    let (rows, groups) = (form.rows, form.groupCount)
    switch form.zeros {
    case .constant(let zero): return Array(repeating: Float(zero), count: rows * groups)
    case .bytes(let entry):
      let stored = try source.tensor(entry.name).integers().map { Float($0 + 128) }
      return stored.count == 1 ? Array(repeating: stored[0], count: rows * groups) : stored
    case .words(let entry, let layout, let offset):
      var stored = [UInt8](repeating: 0, count: rows * groups)
      let words = try source.bytes(entry.name)
      stored.withUnsafeMutableBufferPointer {
        layout.unpack(words, rows: 0..<rows, columns: groups, into: $0)
      }
      // The sum keeps to the bits of a code, as when GPTQModel adds one.
      let mask = 1 << layout.bits - 1
      return stored.map { Float((Int($0) + offset) & (offset == 0 ? 255 : mask)) }
    }
  }

  private static func groups(
    _ entry: TensorEntry, _ source: any WeightSource, _ form: PackedIntegers, run: Int,
    place: String
  ) throws(Failure) -> [Int32] {
    let list = try source.tensor(entry.name).integers()
    // compressed-tensors fills the index with -1 where columns are in order.
    if list.allSatisfy({ $0 == -1 }) { return (0..<form.columns).map { Int32($0 / run) } }
    for (column, group) in list.enumerated() where !(0..<form.groupCount).contains(group) {
      throw .badData(
        "\(place): tensor '\(entry.name)'",
        "puts column \(column) into group \(group), but there are scales for \(form.groupCount) groups")
    }
    return list.map(Int32.init)
  }

  // MARK: MLX's affine format

  /// The affine setting that holds every value, and the type that holds all scales and biases.
  ///
  /// Code · scale and zero · scale, of up to 8 bits each, are exact in f32 if the scale has no more than 16 significant bits;
  /// so is their difference then.
  private static func grid(
    _ form: PackedIntegers, runLength: Int, scales: [Float], zeros: [Float]
  ) -> (setting: QuantizationSetting, scales: DType)? {
    let sizes = GroupedAffineWeights.supportedGroupSizes.sorted(by: >)
    guard runLength > 0,
      let size = sizes.first(where: { runLength % $0 == 0 && form.columns % $0 == 0 }),
      let bits = GroupedAffineWeights.supportedBits.first(where: { $0 >= form.bits }),
      form.columns > 0,
      scales.allSatisfy({ $0 == 0 || $0.bitPattern & 0xff == 0 && 0x1p-100...0x1p100 ~= $0.magnitude })
    else { return nil }
    let biases = Tensor(zip(scales, zeros).map { -$0 * $1 })
    let type = form.scales.dtype
    let narrow = biases.cast(to: type).floats()
    let fits = zip(narrow, biases.floats()).allSatisfy { $0 == $1 }
    return (QuantizationSetting(groupSize: size, bits: bits), fits ? type : .f32)
  }

  func mlxParts(rows: Range<Int>) -> [Tensor] {
    guard let affine else { preconditionFailure("the matrix has no MLX form") }
    let (setting, columns) = (affine.setting, form.columns)
    let (groups, repeats) = (columns / setting.groupSize, runLength / setting.groupSize)
    let words = Tensor.uninitialized([rows.count, columns * setting.bits / 32], dtype: .u32)
    let rowBytes = columns * setting.bits / 8
    words.withMutableBytes { bytes in
      pieces(rows) { piece in
        var codes = [UInt8](repeating: 0, count: piece.count * columns)
        codes.withUnsafeMutableBufferPointer { codes in
          unpack(piece, into: codes)
          if let order { Self.reorder(codes, order) }
          let first = (piece.lowerBound - rows.lowerBound) * rowBytes
          GroupedAffineWeights.pack(
            UnsafeBufferPointer(codes), bits: setting.bits,
            into: UnsafeMutableRawBufferPointer(rebasing: bytes[first..<first + piece.count * rowBytes]))
        }
      }
    }
    var (scales, biases) = ([Float](), [Float]())
    scales.reserveCapacity(rows.count * groups)
    biases.reserveCapacity(rows.count * groups)
    for row in rows {
      for group in 0..<groups {
        let place = row * groupCount + group / repeats
        scales.append(self.scales[place])
        biases.append(-self.scales[place] * zeros[place])
      }
    }
    return [words]
      + [scales, biases].map { Tensor($0, shape: [rows.count, groups]).cast(to: affine.scales) }
  }

  // MARK: Values

  func floats(rows: Range<Int>) -> Tensor { bytes(rows, .exact).expanded() }

  func matrix(_ arithmetic: Arithmetic) -> any WeightMatrix {
    guard let affine else { return bytes(0..<form.rows, arithmetic) }
    let parts = mlxParts(rows: 0..<form.rows)
    do {
      let weights = try GroupedAffineWeights(
        codes: parts[0], scales: parts[1], biases: parts[2], bits: affine.setting.bits,
        groupSize: affine.setting.groupSize, arithmetic: arithmetic, place: form.scales.name)
      return order.map { ReorderedWeights(weights, order: $0) } ?? weights
    } catch {
      preconditionFailure("parts made for each other do not fit: \(error)")
    }
  }

  /// Rows with a byte for each code.
  private func bytes(_ rows: Range<Int>, _ arithmetic: Arithmetic) -> GroupedScaledWeights {
    let columns = form.columns
    let codes = Tensor.uninitialized([rows.count, columns], dtype: .u8)
    codes.withMutableBytes { bytes in
      pieces(rows) { piece in
        let first = (piece.lowerBound - rows.lowerBound) * columns
        let place = UnsafeMutableRawBufferPointer(rebasing: bytes[first..<first + piece.count * columns])
        unpack(piece, into: place.bindMemory(to: UInt8.self))
      }
    }
    let places = rows.lowerBound * groupCount..<rows.upperBound * groupCount
    let shape = [rows.count, groupCount]
    return GroupedScaledWeights(
      .uint8, codes: codes, columns: columns, scales: Tensor(Array(scales[places]), shape: shape),
      zeros: Tensor(Array(zeros[places]), shape: shape),
      groups: columnGroups.map { .listed(Tensor($0, shape: [columns])) } ?? .runs(of: runLength),
      arithmetic: arithmetic)
  }

  private func pieces(_ rows: Range<Int>, _ body: (Range<Int>) -> Void) {
    let height = max(1, Self.grain / max(1, form.columns))
    let count = (rows.count + height - 1) / height
    ThreadPool.shared.run(count) { piece in
      let first = rows.lowerBound + piece * height
      body(first..<min(first + height, rows.upperBound))
    }
  }

  /// Puts the codes of each row into another order.
  private static func reorder(_ codes: UnsafeMutableBufferPointer<UInt8>, _ order: [Int32]) {
    var row = [UInt8](repeating: 0, count: order.count)
    for start in stride(from: 0, to: codes.count, by: order.count) {
      for (place, column) in order.enumerated() { row[place] = codes[start + Int(column)] }
      for (place, code) in row.enumerated() { codes[start + place] = code }
    }
  }

  /// Codes of rows, a byte each.
  private func unpack(_ rows: Range<Int>, into target: UnsafeMutableBufferPointer<UInt8>) {
    switch form.codes {
    case .words(_, let layout):
      layout.unpack(codes, rows: rows, columns: form.columns, into: target)
    case .bytes:
      let first = rows.lowerBound * form.columns
      for index in target.indices { target[index] = codes[first + index] ^ 0x80 }
    }
  }
}
