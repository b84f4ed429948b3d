// The models that suites run: random ones of a shape, or a real one, in the bits that are asked for. They lie in a temporary
// folder, because a model in a file is what users run: mapped, and shared with the page cache.

import Glibc
import Models
import Quantization
import SafeIO

/// Makes the models that are measured, and removes them.
package final class BenchmarkModels {
  private let options: BenchmarkOptions
  private let progress: (any ProgressReporting)?
  /// Where models and outputs go.
  let scratch: String
  private var made: [Int: String] = [:]

  /// - Throws: `Failure.io` when the temporary folder can't be made.
  package init(_ options: BenchmarkOptions, progress: (any ProgressReporting)?) throws(Failure) {
    self.options = options
    self.progress = progress
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    // Gigabytes, perhaps: what killed runs left goes first.
    let target = "\(parent)/mlt-bench"
    try PartialName.removeStale(of: target)
    scratch = PartialName.path(of: target)
    try Files.removeTree(scratch)
  }

  /// Removes what was made.
  package func remove() { try? Files.removeTree(scratch) }

  /// What results call the model.
  var name: String { options.model.map(Files.name(of:)) ?? options.shape.name }

  /// The folder of the model with weights of `bits` bits, 16 being those of the original.
  ///
  /// - Throws: `Failure`.
  func folder(bits: Int) throws -> String {
    if let known = made[bits] { return known }
    let folder: String
    if let model = options.model {
      folder = bits == 16 || options.isModelQuantized ? model : try quantized(model, bits: bits)
    } else {
      folder = "\(scratch)/\(options.shape.name)-\(bits)"
      try Files.makeDirectory(folder)
      try RandomModel(options.shape, bits: bits, groupSize: options.groupSize, seed: options.seed)
        .write(into: folder, progress: progress)
    }
    made[bits] = folder
    return folder
  }

  private func quantized(_ model: String, bits: Int) throws -> String {
    let folder = "\(scratch)/model-\(bits)"
    try Files.makeDirectory(folder)
    let plan = try QuantizationPlan(bits: bits, groupSize: options.groupSize)
    _ = try ModelRewrite(ModelDirectory(path: model), plan: plan).write(into: folder, progress: progress)
    return folder
  }
}
