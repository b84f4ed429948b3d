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
    Machine(
      processor: processorName ?? "unknown", instructionSet: InstructionSet.name,
      threads: ThreadPool.shared.threads)
  }

  var json: JSON {
    [
      "processor": .string(processor), "instruction_set": .string(instructionSet),
      "threads": .integer(threads),
    ]
  }

  /// `model name` of the first core in /proc/cpuinfo (proc(5)); arm64 has no such line.
  private static var processorName: String? {
    guard let text = ProcFile.text("/proc/cpuinfo"),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("model name") })
    else { return nil }
    return line.split(separator: ":", maxSplits: 1).last.map { String($0.drop { $0 == " " }) }
  }
}
