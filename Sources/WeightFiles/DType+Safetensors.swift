// The names of element types in safetensors headers, and the order in which the reference writer lays them out.

import TensorCore

extension DType {
  /// The types in the reference's order, smallest alignment first.
  ///
  /// That is the derived `Ord` of `Dtype` in safetensors/src/tensor.rs.
  private static let safetensorsOrder: [(dtype: DType, name: String)] = [
    (.bool, "BOOL"), (.f4, "F4"), (.f6e2m3, "F6_E2M3"), (.f6e3m2, "F6_E3M2"), (.u8, "U8"), (.i8, "I8"),
    (.f8e5m2, "F8_E5M2"), (.f8e4m3, "F8_E4M3"), (.f8e8m0, "F8_E8M0"), (.f8e4m3fnuz, "F8_E4M3FNUZ"),
    (.f8e5m2fnuz, "F8_E5M2FNUZ"), (.i16, "I16"), (.u16, "U16"), (.f16, "F16"), (.bf16, "BF16"),
    (.i32, "I32"), (.u32, "U32"), (.f32, "F32"), (.c64, "C64"), (.f64, "F64"), (.i64, "I64"), (.u64, "U64"),
  ]

  package static var safetensorsNames: [String] { safetensorsOrder.map(\.name) }

  /// The type of a header's `dtype`, nil when it is not known.
  init?(safetensorsName name: String) {
    guard let known = Self.safetensorsOrder.first(where: { $0.name == name }) else { return nil }
    self = known.dtype
  }

  package var safetensorsName: String { Self.safetensorsOrder[safetensorsRank].name }

  /// The position in the reference's order; the data section goes from high rank to low.
  var safetensorsRank: Int {
    guard let rank = Self.safetensorsOrder.firstIndex(where: { $0.dtype == self }) else {
      preconditionFailure("the table above lists every element type")
    }
    return rank
  }
}
