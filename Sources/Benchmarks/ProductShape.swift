// The sizes of X · Wᵀ, the product that all others are made of.

/// Rows of X, outputs and inputs of W.
struct ProductShape: CustomStringConvertible {
  let rows, outputs, inputs: Int

  init(_ rows: Int, _ outputs: Int, _ inputs: Int) {
    (self.rows, self.outputs, self.inputs) = (rows, outputs, inputs)
  }

  var description: String { "\(rows)x\(outputs)x\(inputs)" }

  /// Multiplications and additions.
  var operations: Double { 2 * Double(rows) * Double(outputs) * Double(inputs) }
}
