// The types that weights can be stored in, as flags spell them: the names of Hugging Face's configurations.

import ArgumentParser
import TensorCore

/// A value of `--dtype`.
enum WeightType: String, ExpressibleByArgument, CaseIterable {
  case float32
  case bfloat16
  case float16

  var dtype: DType {
    switch self {
    case .float32: .f32
    case .bfloat16: .bf16
    case .float16: .f16
    }
  }
}
