// The frequency scaling of Llama 3.1 (`apply_scaling` in meta-llama/llama-models, models/llama3/model.py; in
// transformers, `_compute_llama3_parameters`).

/// Slow frequencies are divided by a factor, fast ones kept, those between blended.
package struct Llama3RotaryScaling: Sendable, Hashable {
  package var factor: Float
  /// Wavelengths above `originalContext / lowFrequencyFactor` are slow.
  package var lowFrequencyFactor: Float
  /// Wavelengths below `originalContext / highFrequencyFactor` are fast.
  package var highFrequencyFactor: Float
  /// The context that the model had before it was stretched, in tokens.
  package var originalContext: Int

  package init(factor: Float, lowFrequencyFactor: Float, highFrequencyFactor: Float, originalContext: Int) {
    self.factor = factor
    self.lowFrequencyFactor = lowFrequencyFactor
    self.highFrequencyFactor = highFrequencyFactor
    self.originalContext = originalContext
  }

  func scaled(_ frequencies: [Float]) -> [Float] {
    let context = Float(originalContext)
    return frequencies.map { frequency in
      let wavelength = 2 * Float.pi / frequency
      if wavelength > context / lowFrequencyFactor { return frequency / factor }
      if wavelength < context / highFrequencyFactor { return frequency }
      let smooth =
        (context / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor)
      return (1 - smooth) * (frequency / factor) + smooth * frequency
    }
  }
}
