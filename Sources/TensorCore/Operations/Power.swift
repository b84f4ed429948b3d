// x to the power of e: ∂/∂x = e x^(e-1), ∂/∂e = x^e log x (0 at x = 0).

import CKernels

extension Tensor {
  /// x^e, broadcast.
  package func pow(_ exponent: Tensor) -> Tensor {
    let (base, e) = (detached(), exponent.detached())
    return Tensor.record("pow", output: Tensor.combined(.power, base, e), inputs: [self, exponent]) {
      upstream, wanted in
      [
        wanted[0]
          ? (upstream * e * Tensor.combined(.power, base, e - 1)).summed(to: base.shape) : nil,
        wanted[1] ? (upstream * Tensor.combined(.power_slope, base, e)).summed(to: e.shape) : nil,
      ]
    }
  }

  /// x^e for a number e.
  package func pow(_ exponent: Float) -> Tensor { pow(Tensor(exponent)) }
}
