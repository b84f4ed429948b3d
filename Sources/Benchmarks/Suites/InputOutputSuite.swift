// Files: a model rewritten and checked, beside a plain copy, and how long the program takes to say anything at all.

import Models
import SafeIO
import TensorCore

/// The suite `io`.
struct InputOutputSuite {
  let harness: Harness
  let models: BenchmarkModels

  init(_ harness: Harness, _ models: BenchmarkModels) { (self.harness, self.models) = (harness, models) }

  func run() throws {
    let options = harness.options
    let source = try models.folder(bits: options.bits ?? 16)
    let files = try Files.list(source).filter { $0.hasSuffix(".safetensors") }
    let bytes = Double(try files.reduce(0) { $0 + (try Files.size("\(source)/\($1)")) })
    let (output, copy) = ("\(models.scratch)/converted", "\(models.scratch)/copied")
    let program = Program(options)
    defer { for folder in [output, copy] { try? Files.removeTree(folder) } }
    try Files.makeDirectory(copy)
    try harness.measure(
      .init(suite: .io, name: "mlt convert", shape: models.name), threads: options.threads, unit: .bandwidth,
      amount: bytes,
      rival: .init(
        name: "file copy",
        body: { for name in files { try Files.copy(from: "\(source)/\(name)", to: "\(copy)/\(name)") } }),
      before: { try Files.removeTree(output) },
      body: { try program.run(["convert", "--model", source, "--out", output]) })
    try Files.removeTree(copy)
    try harness.measure(
      .init(suite: .io, name: "mlt verify", shape: models.name), threads: options.threads, unit: .bandwidth,
      amount: bytes, bound: .init(.read, bytes)
    ) { try program.run(["verify", output]) }
    for (arguments, shape) in [(["--help"], ""), (["inspect", source], models.name)] {
      try harness.measure(
        .init(suite: .io, name: "mlt \(arguments[0])", shape: shape), threads: 1, unit: .seconds, amount: 1
      ) { try program.run(arguments) }
    }
  }
}
