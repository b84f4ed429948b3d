// The mixer of LFM2.

import SafeIO
import TensorCore

/// output(C · convolution(B · x)).
final class ShortConvolution: Mixer {
  let output: Linear
  private let input: Linear
  private let convolution: Convolution
  private let width: Int

  init(_ spec: ShortConvolutionSpec, _ loader: WeightLoader) throws(Failure) {
    input = try Linear(spec.input, loader)
    convolution = try Convolution(spec.convolution, loader)
    output = try Linear(spec.output, loader)
    width = spec.convolution.channels
  }

  var linears: [Linear] { [input, output] }

  var weights: [Weight] { linears.flatMap(\.weights) + convolution.weights }

  /// B, C, x, both products and the convolution.
  var rememberedWidth: Int { 6 * width }

  func callAsFunction(_ x: Tensor, _ pass: ForwardPass, layer: Int) -> Tensor {
    let parts = input(x).split(axis: 1, sizes: [width, width, width])
    return output(parts[1] * convolution(parts[0] * parts[2], pass, layer: layer))
  }
}
