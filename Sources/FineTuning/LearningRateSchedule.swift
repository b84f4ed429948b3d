// The learning rate of each optimizer step: a linear warm-up from 0, then one of three shapes.

import Glibc

/// A learning-rate schedule over a known number of optimizer steps.
///
/// The formulas are those of transformers' `get_*_schedule_with_warmup` (optimization.py, 5.23): steps count from
/// 0, and the first step of a warm-up has rate 0.
package struct LearningRateSchedule: Sendable, Equatable {
  /// The shape after the warm-up.
  package enum Kind: String, Sendable, CaseIterable {
    case constant
    /// Falls in a straight line to 0 at the last step.
    case linear
    /// Half a cosine wave down to 0 at the last step.
    case cosine
  }

  package let kind: Kind
  /// The highest rate.
  package let peak: Double
  package let warmupSteps: Int
  /// Optimizer steps of the whole run, warm-up included.
  package let totalSteps: Int

  package init(kind: Kind, peak: Double, warmupSteps: Int, totalSteps: Int) {
    self.kind = kind
    self.peak = peak
    self.warmupSteps = warmupSteps
    self.totalSteps = totalSteps
  }

  /// The rate of optimizer step `step`, counted from 0.
  package func rate(at step: Int) -> Double {
    if step < warmupSteps { return peak * Double(step) / Double(max(1, warmupSteps)) }
    let length = Double(max(1, totalSteps - warmupSteps))
    switch kind {
    case .constant:
      return peak
    case .linear:
      return peak * max(0, Double(totalSteps - step) / length)
    case .cosine:
      let progress = Double(step - warmupSteps) / length
      return peak * max(0, 0.5 * (1 + cos(.pi * progress)))
    }
  }
}
