// How each matrix of a model is to be quantized: one setting for all, or one of mlx-lm's mixed recipes, which give
// more bits where errors hurt most.

import Models
import SafeIO
import TensorCore

/// The settings that a model is quantized with.
package struct QuantizationPlan: Sendable {
  /// What holds where no recipe decides.
  package let base: QuantizationSetting
  package let recipe: MixedRecipe?

  /// - Throws: `Failure.usage` for bits or a group size that the affine format does not have.
  package init(bits: Int, groupSize: Int, recipe: MixedRecipe? = nil) throws(Failure) {
    guard GroupedAffineWeights.supportedBits.contains(bits) else {
      throw .usage("\(bits) bits are not supported; choose 2, 3, 4, 5, 6 or 8")
    }
    guard GroupedAffineWeights.supportedGroupSizes.contains(groupSize) else {
      throw .usage("groups of \(groupSize) are not supported; choose 32, 64 or 128")
    }
    base = QuantizationSetting(groupSize: groupSize, bits: bits)
    self.recipe = recipe
  }

  /// The setting of a matrix; nil when its rows have no whole groups, as mlx-lm decides too.
  func setting(_ matrix: ParameterSpec, path: String, layerCount: Int) -> QuantizationSetting? {
    guard matrix.role == .matrix, matrix.shape[1] % base.groupSize == 0 else { return nil }
    guard let recipe else { return base }
    return QuantizationSetting(
      groupSize: base.groupSize, bits: recipe.bits(path: path, layerCount: layerCount))
  }
}

/// mlx-lm's recipes of mixed precision (mlx_lm/convert.py, `mixed_quant_predicate_builder`, after llama.cpp's Q4_K_M).
package enum MixedRecipe: String, Sendable, CaseIterable {
  case mixed2and6 = "mixed_2_6"
  case mixed3and4 = "mixed_3_4"
  case mixed3and6 = "mixed_3_6"
  case mixed4and6 = "mixed_4_6"

  private var lowBits: Int {
    switch self {
    case .mixed2and6: 2
    case .mixed3and4, .mixed3and6: 3
    case .mixed4and6: 4
    }
  }

  private var highBits: Int { self == .mixed3and4 ? 4 : 6 }

  /// More bits for the head, and for value and down projections of the first and last eighth of the layers and every
  /// third between.
  package func bits(path: String, layerCount: Int) -> Int {
    if path.contains("lm_head") { return highBits }
    guard path.contains("v_proj") || path.contains("down_proj") else { return lowBits }
    let layer = path.split(separator: ".").lazy.compactMap { Int($0) }.first ?? 0
    let eighth = layerCount / 8
    let isSensitive = layer < eighth || layer >= 7 * layerCount / 8 || (layer - eighth) % 3 == 2
    return isSensitive ? highBits : lowBits
  }
}
