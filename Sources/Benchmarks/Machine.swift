// Where a number was measured, and with what: without it a number means nothing.

import COpenBLAS
import Glibc
import SafeIO
import TensorCore

/// This machine, as far as speed depends on it.
package enum Machine {
  /// What can make products faster.
  private static let features = [
    "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512vl", "avx512_vnni", "avx512_bf16", "avx_vnni",
    "amx_tile", "sha_ni", "asimd", "asimddp", "i8mm", "bf16", "sve", "sha2",
  ]

  package static var json: JSON {
    [
      "processor": .string(processor), "features": .array(instructionFeatures.map(JSON.string)),
      "processors_online": .integer(sysconf(Int32(_SC_NPROCESSORS_ONLN))),
      "memory_bytes": .integer(MachineMemory.bytes),
      "instruction_set": .string(InstructionSet.name),
      "openblas": .string(String(cString: openblas_get_config())),
      "openblas_kernels": .string(FloatProduct.libraryKernels),
    ]
  }

  /// One line for a person.
  package static func summary(threads: Int) -> String {
    "\(processor), \(Words.count(threads, "thread")); kernels \(InstructionSet.name), OpenBLAS "
      + FloatProduct.libraryKernels
  }

  /// The processor's name: `model name` of /proc/cpuinfo, where the kernel knows it.
  package static var processor: String {
    let name = field("model name") ?? field("CPU part").map { "ARM part \($0)" }
    return name ?? "unknown processor"
  }

  /// Of `features`, those that this processor has.
  package static var instructionFeatures: [String] {
    let known = Set((field("flags") ?? field("Features") ?? "").split(separator: " ").map(String.init))
    return features.filter(known.contains)
  }

  private static func field(_ key: String) -> String? {
    ProcFile.field(key, of: "/proc/cpuinfo").map(String.init)
  }
}
