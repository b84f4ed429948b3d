// The suites by name.

import SafeIO

/// A group of measurements.
package enum BenchmarkSuite: String, Sendable, CaseIterable {
  case limits, kernels, decode, prefill, train, quantize, io

  /// Runs the suite; results are added to the harness.
  ///
  /// - Throws: `Failure` for a model that can't be opened or written, `interrupted`; what is unfinished is removed.
  package func run(_ harness: Harness, models: BenchmarkModels) throws {
    switch self {
    case .limits: try LimitsSuite(harness).run()
    case .kernels: try KernelsSuite(harness).run()
    case .decode: try DecodeSuite(harness, models).run()
    case .prefill: try PrefillSuite(harness, models).run()
    case .train: try TrainSuite(harness, models).run()
    case .quantize: try QuantizeSuite(harness, models).run()
    case .io: try InputOutputSuite(harness, models).run()
    }
  }
}
