// How each matrix of a model is to be quantized: one setting for all, or one of mlx-lm's mixed recipes, which give
// more bits where errors hurt most.

import Models
import SafeIO

/// The settings that a model is quantized with.
package struct QuantizationPlan: Sendable {
  /// What holds where no recipe decides.
  package let base: QuantizationSetting
  package let recipe: MixedRecipe?

  /// - Parameters:
  ///   - mode: how codes become values.
  ///   - bits: of a code; nil for what mlx-lm takes in this mode.
  ///   - groupSize: columns that share a scale; nil for what mlx-lm takes in this mode.
  /// - Throws: `Failure.usage` for bits, a group size or a recipe that the mode does not have.
  package init(
    mode: QuantizationMode = .affine, bits: Int? = nil, groupSize: Int? = nil, recipe: MixedRecipe? = nil
  ) throws(Failure) {
    func choices(_ numbers: [Int]) -> String {
      let texts = numbers.map(String.init)
      guard let last = texts.last, texts.count > 1 else { return "\(mode.rawValue) has \(texts.joined())" }
      return "choose \(texts.dropLast().joined(separator: ", ")) or \(last)"
    }
    var setting = mode.defaultSetting
    if let bits { setting.bits = bits }
    if let groupSize { setting.groupSize = groupSize }
    guard mode.supportedBits.contains(setting.bits) else {
      throw .usage("\(setting.bits) bits are not supported; \(choices(mode.supportedBits))")
    }
    guard mode.supportedGroupSizes.contains(setting.groupSize) else {
      throw .usage("groups of \(setting.groupSize) are not supported; \(choices(mode.supportedGroupSizes))")
    }
    guard recipe == nil || mode == .affine else {
      throw .usage(
        "recipes of mixed precision are about bits of the mode affine; \(mode.rawValue) has one width")
    }
    base = setting
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
