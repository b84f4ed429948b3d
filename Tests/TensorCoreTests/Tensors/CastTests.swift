// Element types: every code of the small ones, and the edges of the large ones.

import TensorCore
import Testing

@Suite struct `Element types` {
  /// A tensor with given bytes.
  private func tensor<Element: BitwiseCopyable>(
    _ elements: [Element], _ dtype: DType, count: Int? = nil
  ) -> Tensor {
    let tensor = Tensor.uninitialized([count ?? elements.count], dtype: dtype)
    tensor.withMutableBytes { target in elements.withUnsafeBytes { target.copyMemory(from: $0) } }
    return tensor
  }

  private func codes(_ tensor: Tensor) -> [UInt16] {
    tensor.withBytes { bytes in
      (0..<tensor.count).map { bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self) }
    }
  }

  @Test(arguments: [DType.f16, .bf16])
  func `every 16-bit float survives f32 and f64`(dtype: DType) {
    let all = tensor(Array(UInt16.min...UInt16.max), dtype)
    let numbers = all.floats()
    for wide in [DType.f32, .f64] {
      let back = codes(all.cast(to: wide).cast(to: dtype))
      for code in 0..<65_536 where !numbers[code].isNaN { #expect(back[code] == UInt16(code)) }
      for code in 0..<65_536 where numbers[code].isNaN {
        #expect(Tensor(mappingCode: back[code], dtype).floats()[0].isNaN)
      }
    }
  }

  @Test func `f16 is IEEE binary16`() {
    let values = tensor([0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x7c00, 0x8000] as [UInt16], .f16).floats()
    #expect(values == [1, -2, 65_504, 0x1p-24, 0x1p-14, .infinity, 0])
    #expect(values[6].sign == .minus)
  }

  @Test(arguments: [DType.f16, .bf16])
  func `conversion from f32 rounds to nearest, ties to even, as conversion from f64 does`(dtype: DType) {
    var numbers = Numbers(seed: 3)
    var values: [Float] = [
      0, -0.0, 1, 65_519, 65_520, 1e30, -3.4e38, .infinity, 0x1p-140, 5.9e-8, 2.98e-8, 2.99e-8,
    ]
    // Exactly between two codes, and just beside it.
    values += [1 + 0x1p-11, 1 + 0x3p-11, 1 + 0x1p-8, 1 + 0x3p-8, 1 + 0x1.0001p-8, 1 + 0x1.0002p-11]
    values += (0..<5000).map { _ in
      numbers.next() * Float(sign: .plus, exponent: Int(numbers.next() * 40), significand: 1)
    }
    let source = Tensor(values)
    // The f64 path is written independently of the f32 kernels.
    #expect(codes(source.cast(to: dtype)) == codes(source.cast(to: .f64).cast(to: dtype)))
  }

  @Test func `f64 rounds once`() {
    // 1 + 2^-8 + 2^-40 is above the middle of two bf16 numbers, but in f32 it would be exactly the middle.
    #expect(tensor([1 + 0x1p-8 + 0x1p-40], .f64).cast(to: .bf16).floats() == [1 + 0x1p-7])
  }

  @Test func `8-bit floats hold the values of their specification`() {
    let e4m3 = tensor([0x38, 0x7e, 0xfe, 0x01, 0x08, 0x7f] as [UInt8], .f8e4m3).floats()
    #expect(e4m3.dropLast() == [1, 448, -448, 0x1p-9, 0x1p-6])
    #expect(e4m3.last?.isNaN == true)
    let e5m2 = tensor([0x3c, 0x7b, 0x7c, 0x01] as [UInt8], .f8e5m2).floats()
    #expect(e5m2 == [1, 57_344, .infinity, 0x1p-16])
    let e8m0 = tensor([127, 0, 254, 255] as [UInt8], .f8e8m0).floats()
    #expect(e8m0.dropLast() == [1, 0x1p-127, 0x1p127])
    #expect(e8m0.last?.isNaN == true)
  }

  @Test(arguments: [DType.f8e4m3, .f8e5m2, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz])
  func `every 8-bit float survives f32, and values between go to the nearest`(dtype: DType) {
    let all = tensor(Array(UInt8.min...UInt8.max), dtype)
    let values = all.floats()
    let back = all.cast(to: .f32).cast(to: dtype).floats()
    for (value, again) in zip(values, back) { #expect(value == again || value.isNaN && again.isNaN) }
    let finite = Set(values.filter { $0.isFinite && $0 >= 0 }).sorted()
    for (low, high) in zip(finite, finite.dropFirst()) where high.isNormal && low.isNormal {
      let quarter = low + (high - low) / 4
      let rounded = Tensor([quarter, high - (high - low) / 4]).cast(to: dtype).floats()
      #expect(rounded == [low, high])
    }
  }

  @Test func `floats of 6 and 4 bits hold the values of their specification`() {
    #expect(
      tensor([0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe] as [UInt8], .f4, count: 16).floats()
        == [0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6])
    // Codes 1, 8, 31 and 63 in 24 bits.
    let codes: [UInt8] = [0x01 | 8 << 6 & 0xff, 8 >> 2 | 31 << 4 & 0xff, 31 >> 4 | 63 << 2 & 0xff]
    #expect(tensor(codes, .f6e2m3, count: 4).floats() == [0.125, 1, 7.5, -7.5])
    #expect(tensor(codes, .f6e3m2, count: 4).floats() == [0.0625, 0.5, 28, -28])
    let e4m3 = tensor([0x40, 0x7f, 0x80, 0x01] as [UInt8], .f8e4m3fnuz).floats()
    #expect(e4m3[0] == 1 && e4m3[1] == 240 && e4m3[2].isNaN && e4m3[3] == 0x1p-10)
    let e5m2 = tensor([0x40, 0x7f, 0x80, 0x01] as [UInt8], .f8e5m2fnuz).floats()
    #expect(e5m2[0] == 1 && e5m2[1] == 57_344 && e5m2[2].isNaN && e5m2[3] == 0x1p-17)
  }

  @Test(arguments: [DType.f4, .f6e2m3, .f6e3m2])
  func `every code of fewer than 8 bits survives f32, and what is too large becomes the largest`(dtype: DType)
  {
    let count = 1 << dtype.bits
    let codes = Tensor.zeros([count], dtype: dtype)
    codes.withMutableBytes { bytes in
      for code in 0..<count {
        for bit in 0..<dtype.bits where code >> bit & 1 == 1 {
          bytes[(code * dtype.bits + bit) / 8] |= 1 << UInt8((code * dtype.bits + bit) % 8)
        }
      }
    }
    let back = codes.cast(to: .f32).cast(to: dtype)
    #expect(back.withBytes { [UInt8]($0) } == codes.withBytes { [UInt8]($0) })
    #expect(Set(codes.floats().map(\.magnitude)).count == count / 2)
    let most = codes.floats().max()
    #expect(Tensor([Float](repeating: 1e9, count: 4)).cast(to: dtype).floats().allSatisfy { $0 == most })
  }

  @Test func `integers keep their values`() {
    let values: [Int32] = [0, 1, -1, 127, -128, 32_767]
    let source = Tensor(values, shape: [6])
    for dtype in [DType.i64, .i32, .i16, .f32, .f64] {
      #expect(source.cast(to: dtype).cast(to: .i64).integers() == values.map { Int($0) }, "\(dtype)")
    }
    #expect(source.cast(to: .bool).integers() == [0, 1, 1, 1, 1, 1])
    #expect(tensor([UInt64.max], .u64).cast(to: .f32).floats() == [0x1p64])
    #expect(tensor([Int64(1) << 40 + 1], .i64).cast(to: .f64).cast(to: .i64).integers() == [1 << 40 + 1])
  }

  @Test func `floats become integers toward zero within the range`() {
    let values: [Float] = [1.9, -1.9, 300, -300, .nan, .infinity]
    #expect(Tensor(values).cast(to: .i8).integers() == [1, -1, 127, -128, 0, 127])
    #expect(Tensor(values).cast(to: .u8).integers() == [1, 0, 255, 0, 0, 255])
  }

  @Test func `moving elements works for every type`() {
    // Types whose elements share bytes, and pairs, are only read and written whole.
    for dtype in DType.allCases where !dtype.isPacked && dtype != .c64 {
      let source = Tensor((0..<12).map { Float($0 % 2) }, shape: [3, 4]).cast(to: dtype)
      let moved = source.transposed([1, 0]).slice(axis: 0, start: 1, step: 2)
      #expect(moved.dtype == dtype)
      #expect(
        moved.cast(to: .i32).integers()
          == source.cast(to: .i32).transposed([1, 0]).slice(axis: 0, start: 1, step: 2).integers())
    }
  }
}

extension Tensor {
  /// One 16-bit element.
  fileprivate init(mappingCode code: UInt16, _ dtype: DType) {
    self = .uninitialized([1], dtype: dtype)
    withMutableBytes { $0.storeBytes(of: code, as: UInt16.self) }
  }
}
