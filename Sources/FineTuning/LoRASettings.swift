// The numbers that make an adapter what it is: rank, scaling, dropout, and which linears it sits on.

import SafeIO

/// Rank and scaling of low-rank adapters (Hu, Shen and others 2021, "LoRA", section 4.1).
package struct LoRASettings: Sendable, Equatable {
  package var rank: Int
  /// The scale is `alpha / rank`, or `alpha / sqrt(rank)` with `useRSLoRA` (Kalajdzievski 2023, rsLoRA).
  package var alpha: Double
  package var useRSLoRA: Bool
  /// The probability with which an element of an adapter's input is zeroed while training.
  package var dropout: Double

  package init(rank: Int, alpha: Double, useRSLoRA: Bool, dropout: Double) {
    self.rank = rank
    self.alpha = alpha
    self.useRSLoRA = useRSLoRA
    self.dropout = dropout
  }

  /// What the product of both factors is multiplied by.
  package var scale: Double { scale(rank: rank, alpha: alpha) }

  /// The scale of a linear whose rank or alpha differs from the others'.
  package func scale(rank: Int, alpha: Double) -> Double {
    alpha / (useRSLoRA ? Double(rank).squareRoot() : Double(rank))
  }

  /// The alpha that gives a scale: the inverse of `scale(rank:alpha:)`.
  package func alpha(rank: Int, scale: Double) -> Double {
    scale * (useRSLoRA ? Double(rank).squareRoot() : Double(rank))
  }

  /// The settings of a run: what the configuration says, else what the start adapter has, else rank 8, alpha twice
  /// the rank, no dropout.
  ///
  /// - Throws: `Failure.usage` when the configuration contradicts the start adapter's rank.
  package static func resolve(
    _ configuration: TrainingConfiguration, start: LoRASettings?
  ) throws(Failure) -> LoRASettings {
    if let start, let rank = configuration.rank, rank != start.rank {
      throw .usage("rank \(rank) does not fit the start adapter's rank of \(start.rank); leave rank out")
    }
    let rank = configuration.rank ?? start?.rank ?? 8
    var settings = LoRASettings(
      rank: rank, alpha: start?.alpha ?? 2 * Double(rank),
      useRSLoRA: configuration.useRSLoRA ?? start?.useRSLoRA ?? false,
      dropout: configuration.dropout ?? start?.dropout ?? 0)
    if let alpha = configuration.alpha { settings.alpha = alpha }
    if let scale = configuration.scale { settings.alpha = settings.alpha(rank: rank, scale: scale) }
    return settings
  }
}
