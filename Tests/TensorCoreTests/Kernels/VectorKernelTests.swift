// Every set of vector kernels that this machine can run, against plain double arithmetic, over the sizes where vector
// loops end.

import CKernels
import Foundation
import TensorCore
import Testing

@Suite struct `Vector kernels` {
  static let sets = (0..<Int32(4)).filter { mlt_vector_kernels_available($0) != nil }
  static let sizes = [0, 1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 257]

  private func set(_ index: Int32) throws -> mlt_vector_kernels {
    try #require(mlt_vector_kernels_available(index)).pointee
  }

  /// Calls `kernel` with input and output in exact-size allocations, and returns the output.
  private func run(
    _ input: [Float], _ kernel: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
  ) -> [Float] {
    let source = UnsafeMutablePointer<Float>.allocate(capacity: max(1, input.count))
    let target = UnsafeMutablePointer<Float>.allocate(capacity: max(1, input.count))
    defer {
      source.deallocate()
      target.deallocate()
    }
    for (index, value) in input.enumerated() { source[index] = value }
    kernel(source, target, input.count)
    return (0..<input.count).map { target[$0] }
  }

  private func ulps(_ found: Float, _ exact: Double) -> Double {
    let rounded = Float(exact)
    if found == rounded || found.isNaN && rounded.isNaN { return 0 }
    return abs(Double(found) - exact) / Double(max(rounded.magnitude.ulp, Float.leastNonzeroMagnitude))
  }

  @Test func `the last set is the portable one`() throws {
    let names = try Self.sets.map { String(cString: try set($0).name) }
    #expect(names.last == "portable")
    #expect(Set(names).count == names.count)
  }

  @Test(arguments: sets)
  func `exp is within 1.5 ulp from 2^-125 to overflow`(index: Int32) throws {
    let set = try set(index)
    let inputs = stride(from: Float(-86.64), through: 89, by: 0.0137).map { $0 }
    let worst =
      zip(inputs, run(inputs) { set.unary(.exp, $0, $1, $2) }).map { ulps($1, exp(Double($0))) }.max() ?? 0
    #expect(worst <= 1.5)
  }

  @Test(arguments: sets)
  func `exp keeps infinities and NaN, and is zero instead of subnormal`(index: Int32) throws {
    let set = try set(index)
    let inputs: [Float] = [.infinity, -.infinity, .nan, 0, -0.0, 0x1p-140, 88.73, -87.4, 200, 1]
    let found = run(inputs) { set.unary(.exp, $0, $1, $2) }
    #expect(found[0] == .infinity && found[1] == 0 && found[2].isNaN)
    #expect(found[3...5].allSatisfy { $0 == 1 })
    #expect(found[6] == .infinity && found[7] == 0 && found[8] == .infinity)
  }

  /// The functions with their values in double and the error they may have in ulp: those with a difference of nearly
  /// equal numbers lose more near its zero, and are bounded by the size of the terms.
  static let functions: [(mlt_unary, Double, @Sendable (Double) -> Double)] = [
    (.tanh, 2.5, { tanh($0) }),
    (.sigmoid, 2.5, { 1 / (1 + exp(-$0)) }),
    (.silu, 3, { $0 / (1 + exp(-$0)) }),
    (.softplus, 2.5, { log1p(exp(-abs($0))) + max($0, 0) }),
    (.relu, 0, { max($0, 0) }),
    (.relu_squared, 0.5, { $0 > 0 ? $0 * $0 : 0 }),
    (.abs, 0, { abs($0) }),
    (.negate, 0, { -$0 }),
  ]

  @Test(arguments: sets)
  func `activations are accurate, tails and zero included`(index: Int32) throws {
    let set = try set(index)
    let inputs =
      stride(from: Float(-30), through: 30, by: 0.00713).map { $0 } + [0, -0.0, 1e-30, -1e-30, 1e-8]
    for (function, bound, exact) in Self.functions {
      let found = run(inputs) { set.unary(function, $0, $1, $2) }
      let worst = zip(inputs, found).map { ulps($1, exact(Double($0))) }.max() ?? 0
      #expect(worst <= bound, "\(function): \(worst) ulp")
    }
  }

  @Test(arguments: sets)
  func `GELU is accurate relative to its argument`(index: Int32) throws {
    let set = try set(index)
    let inputs = stride(from: Float(-10), through: 10, by: 0.00113).map { $0 }
    let exact: [(mlt_unary, (Double) -> Double)] = [
      (.gelu_erf, { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }),
      (.gelu_tanh, { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }),
    ]
    for (function, value) in exact {
      // 1 + erf(x) for negative x is a small difference: its error is that of 1, times x / 2.
      let worst =
        zip(inputs, run(inputs) { set.unary(function, $0, $1, $2) }).map { x, y in
          abs(Double(y) - value(Double(x))) / (abs(Double(x)) * Double(Float.ulpOfOne))
        }.max() ?? 0
      #expect(worst <= 2, "\(function)")
    }
  }

  @Test(arguments: sets)
  func `every size gives what the portable set gives`(index: Int32) throws {
    let (set, portable) = (try set(index), try set(Self.sets.last ?? 0))
    for size in Self.sizes {
      var numbers = Numbers(seed: UInt64(size) + 1)
      let input = (0..<size).map { _ in numbers.next() * 4 }
      let kernels:
        [(mlt_vector_kernels) -> (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void] = [
          { set in { set.unary(.gelu_erf, $0, $1, $2) } },
          { set in { set.gated(.silu, $0, $0, $1, $2) } },
          { set in { set.softcap($0, 2, $1, $2) } },
          { set in { set.affine($0, 3, 1, $1, $2) } },
          { set in { if $2 > 0 { set.softmax($0, $1, 1, $2) } } },
          { set in { if $2 > 0 { set.log_softmax($0, $1, 1, $2) } } },
          { set in
            {
              if $2 > 0 {
                set.log_sum_exp($0, $1, 1, $2)
                $1.update(repeating: $1[0], count: $2)
              }
            }
          },
          { set in
            { x, y, n in
              var inverse: Float = 0
              if n > 0 { set.rms_norm(x, x, 1, 1e-5, y, &inverse, 1, n) }
            }
          },
          { set in
            { x, y, n in
              if n > 0 {
                set.reduce_rows(.sum, x, n, 1, n, y)
                y.update(repeating: y[0] + Float(n), count: n)
              }
            }
          },
        ]
      for (number, kernel) in kernels.enumerated() {
        let expected = run(input, kernel(portable)).map { Double($0) }
        // Fused multiply-add rounds less often: a few ulp of the largest value.
        #expect(deviation(run(input, kernel(set)), expected) <= 1e-6, "kernel \(number), size \(size)")
      }
    }
  }

  @Test(arguments: sets)
  func `a sum of many values keeps double precision`(index: Int32) throws {
    let set = try set(index)
    let values = [Float](repeating: 0.1, count: 100_003)
    #expect(abs(set.sum(values, values.count) - Double(Float(0.1)) * 100_003) < 1e-8)
  }

  @Test(arguments: sets)
  func `the largest value is found wherever it stands, and NaN is not lost`(index: Int32) throws {
    let set = try set(index)
    for size in Self.sizes where size > 0 {
      for place in 0..<size {
        var values = [Float](repeating: -1, count: size)
        values[place] = 7
        var best: Float = 0
        set.reduce_rows(.max, values, size, 1, size, &best)
        #expect(best == 7)
        values[place] = .nan
        set.reduce_rows(.max, values, size, 1, size, &best)
        #expect(best.isNaN)
      }
    }
  }

  @Test(arguments: sets)
  func `cross entropy of logits far apart neither overflows nor vanishes`(index: Int32) throws {
    let set = try set(index)
    let logits: [Float] = [1000, 0, -1000, 500]
    for label in 0..<4 {
      var (loss, gradient) = (0.0, [Float](repeating: 0, count: 4))
      set.cross_entropy(logits, [Int32(label)], 1, 4, &loss, nil, &gradient)
      #expect(loss == Double(1000 - logits[label]))
      #expect(gradient[label] == (label == 0 ? 0 : -1))
    }
  }

  @Test(arguments: sets)
  func `thin products are those of plain arithmetic, whatever the rank and the size`(index: Int32) throws {
    let set = try set(index)
    for rank in [1, 3, 4, 5, 8, 9, 20] {
      for (rows, n) in [(1, 1), (2, 16), (5, 33), (9, 64), (33, 70), (70, 7)] {
        var numbers = Numbers(seed: UInt64(rank * 100 + n))
        let x = (0..<rows * n).map { _ in numbers.next() }
        let a = (0..<rank * n).map { _ in numbers.next() }
        let start = (0..<rank * n).map { _ in numbers.next() }
        var (t, y, g) = ([Float](repeating: 0, count: rows * rank), x, start)
        set.thin_dot(x, n, a, n, rows, n, rank, 0.5, &t, rank)
        set.thin_add(t, rank, a, n, rows, n, rank, &y, n)
        set.thin_outer(t, rank, x, n, rows, n, rank, &g, n)
        func sum(_ count: Int, _ term: (Int) -> Float) -> Double {
          (0..<count).reduce(0) { $0 + Double(term($1)) }
        }
        let expectedT = (0..<rows * rank).map { place in
          0.5 * sum(n) { x[place / rank * n + $0] * a[place % rank * n + $0] }
        }
        let expectedY = (0..<rows * n).map { place in
          Double(x[place]) + sum(rank) { t[place / n * rank + $0] * a[$0 * n + place % n] }
        }
        let expectedG = (0..<rank * n).map { place in
          Double(start[place]) + sum(rows) { t[$0 * rank + place / n] * x[$0 * n + place % n] }
        }
        // f32 sums of up to 70 products.
        for (found, expected) in [(t, expectedT), (y, expectedY), (g, expectedG)] {
          #expect(deviation(found, expected) < 5e-6, "rank \(rank), \(rows) rows of \(n)")
        }
      }
    }
  }

  @Test(arguments: sets)
  func `convolutions sum the taps that reach a row`(index: Int32) throws {
    let set = try set(index)
    for (rows, n, taps, before, after) in [
      (1, 1, 1, 0, 0), (5, 3, 4, 2, 1), (9, 130, 3, 0, 7), (2, 257, 4, 9, 0),
    ] {
      var numbers = Numbers(seed: UInt64(rows * n))
      let (x, w, b) = (
        numbers.values((before + rows + after) * n), numbers.values(taps * n), numbers.values(n)
      )
      var (y, dx) = ([Float](repeating: 0, count: rows * n), [Float](repeating: 0, count: rows * n))
      var (dw, db) = (w, b)
      x.withUnsafeBufferPointer { x in
        guard let first = x.baseAddress.map({ $0 + before * n }) else { return }
        set.convolve(first, before, w, b, taps, &y, rows, n)
        set.convolve_back(first, after, w, taps, &dx, rows, n)
        set.convolve_taps(first, before, first, taps, &dw, &db, rows, n)
      }
      /// The number of a row and channel; 0 outside what there is.
      func value(_ row: Int, _ column: Int) -> Double {
        -before..<rows + after ~= row ? Double(x[(before + row) * n + column]) : 0
      }
      let places = (0..<rows * n).map { ($0 / n, $0 % n) }
      let expectedY = places.map { row, column in
        (0..<taps).reduce(Double(b[column])) {
          $0 + Double(w[(taps - 1 - $1) * n + column]) * value(row - $1, column)
        }
      }
      let expectedDX = places.map { row, column in
        (0..<taps).reduce(0.0) { $0 + Double(w[(taps - 1 - $1) * n + column]) * value(row + $1, column) }
      }
      let expectedDW = (0..<taps * n).map { place in
        (0..<rows).reduce(Double(w[place])) {
          $0 + value($1, place % n) * value($1 - (taps - 1 - place / n), place % n)
        }
      }
      let expectedDB = (0..<n).map { column in (0..<rows).reduce(Double(b[column])) { $0 + value($1, column) }
      }
      for (found, expected) in [(y, expectedY), (dx, expectedDX), (dw, expectedDW), (db, expectedDB)] {
        #expect(deviation(found, expected) < 1e-6, "\(rows) rows of \(n), \(taps) taps")
      }
    }
  }

  @Test(arguments: sets)
  func `decayed scores and their gradients follow the formula`(index: Int32) throws {
    let set = try set(index)
    for (n, isStrict) in [(1, false), (1, true), (7, false), (33, true), (64, false)] {
      var numbers = Numbers(seed: UInt64(n))
      let decay = numbers.values(2 * n).map { -abs($0) }
      let (scores, steps, upstream) = (numbers.values(n * n), numbers.values(2 * n), numbers.values(n * n))
      var sums = [Double](repeating: 0, count: n)
      var (grown, left) = ([Float](repeating: 0, count: n), [Float](repeating: 0, count: n))
      set.decay_sums(decay, 2, n, &sums, &grown, &left)
      let exact = (0..<n).map { (0...$0).reduce(0.0) { $0 + Double(decay[2 * $1]) } }
      #expect(zip(sums, exact).allSatisfy { abs($0 - $1) < 1e-12 })
      #expect(deviation(grown, exact.map { exp($0) }) < 1e-6)
      #expect(deviation(left, exact.map { exp(exact[n - 1] - $0) }) < 1e-6)
      var out = [Float](repeating: .nan, count: n * n)
      set.decay_scores(scores, sums, steps, 2, isStrict ? 1 : 0, n, &out)
      func factor(_ i: Int, _ j: Int) -> Double {
        (isStrict ? j < i : j <= i) ? exp(exact[i] - exact[j]) : 0
      }
      let places = (0..<n * n).map { ($0 / n, $0 % n) }
      let expected = zip(places, scores).map { Double(steps[2 * $0.0]) * factor($0.0, $0.1) * Double($1) }
      #expect(deviation(out, expected) < 2e-6)
      var gradient = upstream
      var (dSums, dSteps) = ([Float](repeating: 1, count: n), [Float](repeating: 1, count: n))
      set.decay_scores_back(scores, sums, steps, 2, isStrict ? 1 : 0, n, &gradient, &dSums, &dSteps, 1)
      let back = zip(places, upstream).map { Double(steps[2 * $0.0]) * factor($0.0, $0.1) * Double($1) }
      #expect(deviation(gradient, back) < 2e-6)
      let products = zip(back, scores).map { $0 * Double($1) }
      let expectedSums = (0..<n).map { row in
        (0..<n).reduce(1.0) { $0 + products[row * n + $1] - products[$1 * n + row] }
      }
      let expectedSteps = (0..<n).map { row in
        (0..<n).reduce(1.0) {
          $0 + factor(row, $1) * Double(upstream[row * n + $1]) * Double(scores[row * n + $1])
        }
      }
      #expect(deviation(dSums, expectedSums) < 1e-5)
      #expect(deviation(dSteps, expectedSteps) < 1e-5)
    }
  }

  @Test(arguments: sets)
  func `triangular systems are solved from both ends`(index: Int32) throws {
    let set = try set(index)
    for (n, width) in [(1, 3), (5, 17), (64, 8)] {
      var numbers = Numbers(seed: UInt64(n + width))
      let lower = numbers.values(n * n).map { $0 * 0.2 }
      let solution = numbers.values(n * width)
      for isTransposed in [false, true] {
        var u = (0..<n * width).map { place in
          let (row, column) = (place / width, place % width)
          let others = isTransposed ? row + 1..<n : 0..<row
          return Float(
            others.reduce(Double(solution[place])) {
              let factor = isTransposed ? lower[$1 * n + row] : lower[row * n + $1]
              return $0 + Double(factor) * Double(solution[$1 * width + column])
            })
        }
        set.solve_rows(lower, isTransposed ? 1 : 0, &u, n, width)
        #expect(deviation(u, solution.map { Double($0) }) < 2e-5, "\(n) by \(width)")
      }
    }
  }

  @Test(arguments: sets)
  func `an Adam step moves every parameter as the formula says`(index: Int32) throws {
    let set = try set(index)
    var constants = mlt_adam(
      gradient_scale: 0.5, penalty: 0.1, mean_rate: 0.1, square_kept: 0.99, square_rate: 0.01, kept: 0.9,
      step_size: 0.02, root: 0.7, epsilon: 1e-3)
    for size in Self.sizes {
      var numbers = Numbers(seed: UInt64(size) + 50)
      let (p, g, m) = (numbers.values(size), numbers.values(size), numbers.values(size))
      let v = numbers.values(size).map(abs)
      var (newP, newM, newV) = (p, m, v)
      set.adam(&constants, &newP, g, &newM, &newV, size)
      let slopes = (0..<size).map { 0.5 * Double(g[$0]) + 0.1 * Double(p[$0]) }
      let means = (0..<size).map { Double(m[$0]) + 0.1 * (slopes[$0] - Double(m[$0])) }
      let squares = (0..<size).map { 0.99 * Double(v[$0]) + 0.01 * slopes[$0] * slopes[$0] }
      let moved = (0..<size).map { index -> Double in
        let root = squares[index].squareRoot() / 0.7 + 1e-3
        return 0.9 * Double(p[index]) - 0.02 * means[index] / root
      }
      #expect(deviation(newM, means) < 1e-6 && deviation(newV, squares) < 1e-6)
      #expect(deviation(newP, moved) < 1e-6)
      #expect(abs(set.sum_of_squares(g, size) - g.reduce(0) { $0 + Double($1) * Double($1) }) < 1e-12)
    }
  }
}
