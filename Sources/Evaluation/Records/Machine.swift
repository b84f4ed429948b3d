// What a measurement ran on: without it a time means nothing.

import SafeIO
import TensorCore

/// The machine, as far as speed depends on it.
package struct Machine: Sendable {
  package let processor: String
  package let instructionSet: String
  package let threads: Int

  /// This machine, with the threads in use.
  package static var current: Machine {
    // arm64 names no model (proc(5)).
    let processor = ProcFile.field("model name", of: "/proc/cpuinfo").map(String.init) ?? "unknown"
    return Machine(
      processor: processor, instructionSet: InstructionSet.name, threads: ThreadPool.shared.threads)
  }

  var json: JSON {
    [
      "processor": .string(processor), "instruction_set": .string(instructionSet),
      "threads": .integer(threads),
    ]
  }
}
