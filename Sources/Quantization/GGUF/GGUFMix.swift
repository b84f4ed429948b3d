// Which type each tensor of a GGUF file gets: one for all, or one of the mixes that llama-quantize makes under the same name
// without an importance matrix (`llama_tensor_get_type_impl` and what surrounds it, src/llama-quant.cpp). Which tensors get more
// bits was found out there by trying; here it is repeated, so that a name means the same file.

import Models
import TensorCore
import WeightFiles

/// A choice of types, by the name that llama-quantize has for it.
package enum GGUFMix: String, Sendable, CaseIterable {
  case f32
  case f16
  case bf16
  case q80 = "q8_0"
  case q40 = "q4_0"
  case q41 = "q4_1"
  case q50 = "q5_0"
  case q51 = "q5_1"
  case q4KSmall = "q4_k_s"
  case q4KMedium = "q4_k_m"
  case q5KSmall = "q5_k_s"
  case q5KMedium = "q5_k_m"
  case q6K = "q6_k"
  case mxfp4
  case mxfp4Experts = "mxfp4_moe"

  /// A name as people write it: in capitals or not, `q4_k` for the medium mix.
  package init?(name: String) {
    let name = name.lowercased()
    self.init(rawValue: ["q4_k": "q4_k_m", "q5_k": "q5_k_m"][name] ?? name)
  }

  /// The type of most matrices.
  package var type: GGMLType {
    switch self {
    case .f32: .plain(.f32)
    case .f16: .plain(.f16)
    case .bf16: .plain(.bf16)
    case .q80: .blocks(.q80)
    case .q40: .blocks(.q40)
    case .q41: .blocks(.q41)
    case .q50: .blocks(.q50)
    case .q51: .blocks(.q51)
    case .q4KSmall, .q4KMedium: .blocks(.q4K)
    case .q5KSmall, .q5KMedium: .blocks(.q5K)
    case .q6K: .blocks(.q6K)
    case .mxfp4, .mxfp4Experts: .blocks(.mxfp4)
    }
  }

  /// The number of the mix in `general.file_type` (`enum llama_ftype`, include/llama.h).
  var fileType: Int {
    switch self {
    case .f32: 0
    case .f16: 1
    case .q40: 2
    case .q41: 3
    case .q80: 7
    case .q50: 8
    case .q51: 9
    case .q4KSmall: 14
    case .q4KMedium: 15
    case .q5KSmall: 16
    case .q5KMedium: 17
    case .q6K: 18
    case .bf16: 32
    case .mxfp4, .mxfp4Experts: 38
    }
  }
}

/// A matrix for which a mix is asked.
struct GGUFMatrix {
  let name: String
  /// `[…, columns]`.
  let shape: [Int]

  var columns: Int { shape[shape.count - 1] }

  /// What stays in f32 whatever the mix: the choice of experts, and positions.
  var staysInF32: Bool { isOne(of: "ffn_gate_inp", "position_embd") }

  /// The number in `blk.7.attn_q.weight`.
  var layer: Int? { name.split(separator: ".").dropFirst().first.flatMap { Int($0) } }

  func isOne(of parts: String...) -> Bool { parts.contains { name.contains($0) } }
}

/// Types for the matrices of one model.
struct GGUFMixing {
  let mix: GGUFMix
  let layers: Int
  /// Experts of a layer, 0 where there are none.
  let experts: Int
  /// Whether it is the model with 80 layers whose key and value heads are few.
  let isSeventyBillion: Bool
  /// Names of matrices of values, or of queries, keys and values in one, in the order of layers.
  let values: [String]
  /// Whether the embedding is the head as well.
  let isTied: Bool

  /// The type of a matrix: the mix's choice, or what is used in its place where rows are no whole blocks of that.
  func type(_ matrix: GGUFMatrix) -> GGMLType {
    if matrix.staysInF32 { return .plain(.f32) }
    guard case .blocks = mix.type else { return mix.type }
    let wanted = preferred(matrix)
    guard matrix.columns % wanted.blockSize != 0 else { return .blocks(wanted) }
    let other: BlockFormat =
      switch wanted {
      case .q4K: .q50
      case .q5K: .q51
      case .q6K: .q80
      default: wanted
      }
    return matrix.columns % other.blockSize == 0 ? .blocks(other) : .plain(.f16)
  }

  private func preferred(_ matrix: GGUFMatrix) -> BlockFormat {
    guard case .blocks(let base) = mix.type else { preconditionFailure("asked for blocks alone") }
    let isHead = matrix.name == "output.weight" || (isTied && matrix.name == "token_embd.weight")
    if isHead {
      if mix == .mxfp4 || mix == .mxfp4Experts || matrix.columns % base.blockSize != 0 { return .q80 }
      return base == .q80 ? .q80 : .q6K
    }
    if mix == .mxfp4Experts { return matrix.isOne(of: "_exps.") ? .mxfp4 : .q80 }
    if mix == .mxfp4 { return matrix.name == "token_embd.weight" ? .q80 : .mxfp4 }
    if matrix.isOne(of: "attn_v.weight", "attn_qkv.weight") { return ofValues(matrix, base) }
    if matrix.isOne(of: "attn_k.weight") { return experts == 8 ? .q80 : base }
    if matrix.isOne(of: "ffn_down") {
      let layer = matrix.layer ?? 0
      if mix == .q4KMedium || mix == .q5KMedium { return getsMoreBits(layer, of: layers) ? .q6K : base }
      return mix == .q4KSmall && layer < layers / 8 ? .q5K : base
    }
    if matrix.isOne(of: "attn_output.weight"), experts == 8, mix == .q4KSmall || mix == .q4KMedium {
      return .q5K
    }
    return base
  }

  private func ofValues(_ matrix: GGUFMatrix, _ base: BlockFormat) -> BlockFormat {
    if experts == 8 { return .q80 }
    let place = values.firstIndex(of: matrix.name) ?? 0
    var format = base
    if mix == .q4KMedium || mix == .q5KMedium {
      if getsMoreBits(place, of: values.count) { format = .q6K }
    } else if mix == .q4KSmall && place < 4 {
      format = .q5K
    }
    return isSeventyBillion && format == .q4K ? .q5K : format
  }

  /// The first and the last eighth of the layers, and every third between.
  private func getsMoreBits(_ layer: Int, of count: Int) -> Bool {
    layer < count / 8 || layer >= 7 * count / 8 || (layer - count / 8) % 3 == 2
  }
}
