// The mixer of LFM2: a convolution over few rows between two gates.

/// output(C · convolution(B · x)), where the input layer puts out B, C and x (Liquid AI 2025, "LFM2", arXiv:2511.23404;
/// transformers, models/lfm2/modeling_lfm2.py).
package struct ShortConvolutionSpec: Sendable, Equatable {
  /// Puts out B, C, x.
  package var input: LinearSpec
  package var convolution: ConvolutionSpec
  package var output: LinearSpec

  var linears: [LinearSpec] { [input, output] }

  var parameters: [ParameterSpec] { linears.flatMap(\.parameters) + convolution.parameters }
}
