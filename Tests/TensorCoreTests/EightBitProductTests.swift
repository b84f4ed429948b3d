// Quantized weight matrices that multiply activations in 8 bits, as models see them.

import SafeIO
import TensorCore
import TestSupport
import Testing

@Suite(.serialized) struct `Products in 8 bits` {
  /// 4 bits in groups of 64, 8 bits in groups of 64, both with bf16 scales.
  static let forms = StoredForm.affine.filter { [4, 8].contains($0.bits) && $0.group == 64 }

  private func bits(_ tensor: Tensor) -> [UInt32] { tensor.floats().map(\.bitPattern) }

  @Test(arguments: forms)
  func `they are near the exact product, and not it`(form: StoredForm) throws {
    let sample = try StoredSample(form, rows: 130, columns: 1024, arithmetic: .eightBit)
    var random = Splitmix(state: 3)
    for m in [0, 1, 3, 8, 9, 40] {
      let x = random.floats(m * 1024)
      let y = sample.weights.multiply(Tensor(x, shape: [m, 1024]))
      #expect(y.shape == [m, 130])
      let error = relativeError(y.floats(), sample.product(x, m: m, back: false))
      // Values in ±1 move by up to 1/254; over 1024 random ones that is about 0.4 % of the size of a result.
      #expect(error < 0.02)
      #expect(m == 0 || error > 1e-5)
    }
  }

  @Test(arguments: forms)
  func `the number of threads changes no bit`(form: StoredForm) throws {
    let threads = ThreadPool.shared.threads
    defer { ThreadPool.shared.threads = threads }
    var random = Splitmix(state: 5)
    for m in [1, 7, 64] {
      let x = Tensor(random.floats(m * 1024), shape: [m, 1024])
      let results = try [1, 2, 3].map { count in
        ThreadPool.shared.threads = count
        // Turned anew, by as many threads.
        let sample = try StoredSample(form, rows: 1100, columns: 1024, arithmetic: .eightBit)
        return bits(sample.weights.multiply(x))
      }
      #expect(results[0] == results[1])
      #expect(results[0] == results[2])
    }
  }

  @Test func `matrices that share activations get the bits that each gets alone`() throws {
    var random = Splitmix(state: 8)
    let wide = try StoredSample(Self.forms[0], rows: 300, columns: 1024, arithmetic: .eightBit).weights
    let narrow = try StoredSample(Self.forms[1], rows: 17, columns: 1024, arithmetic: .eightBit).weights
    let exact = try StoredSample(Self.forms[1], rows: 17, columns: 1024).weights
    for m in [0, 5] {
      let x = Tensor(random.floats(m * 1024), shape: [m, 1024])
      for matrices in [[wide, narrow, wide], [wide, exact], [exact], []] {
        let together = Gemm.multiply(x, by: matrices)
        #expect(together.map(\.shape) == matrices.map { [m, $0.rows] })
        #expect(together.map(bits) == matrices.map { bits($0.multiply(x)) })
      }
    }
  }

  @Test func `small matrices stay exact, and other widths of codes are multiplied in 16 bits`() throws {
    var random = Splitmix(state: 2)
    for form in StoredForm.affine {
      for (columns, arithmetic) in [(512, Arithmetic.exact), (1024, .sixteenBit)] {
        guard columns == 512 || ![4, 8].contains(form.bits) else { continue }
        let sample = try StoredSample(form, rows: 30, columns: columns, arithmetic: .eightBit)
        let reference = try StoredSample(form, rows: 30, columns: columns, arithmetic: arithmetic)
        let x = Tensor(random.floats(12 * columns), shape: [12, columns])
        #expect(bits(sample.weights.multiply(x)) == bits(reference.weights.multiply(x)))
      }
    }
  }

  @Test func `gradients and rows come from the stored form, also after a product`() throws {
    let sample = try StoredSample(Self.forms[0], rows: 40, columns: 1024, arithmetic: .eightBit)
    var random = Splitmix(state: 1)
    _ = sample.weights.multiply(Tensor(random.floats(1024), shape: [1, 1024]))
    let dy = random.floats(2 * 40)
    let dx = sample.weights.multiplyBack(Tensor(dy, shape: [2, 40]))
    // In 16 bits: see the tests of weight matrices.
    #expect(relativeError(dx.floats(), sample.product(dy, m: 2, back: true)) < 4e-3)
    #expect(sample.weights.gather([3]).floats() == Array(sample.values[3 * 1024..<4 * 1024]))
  }
}
