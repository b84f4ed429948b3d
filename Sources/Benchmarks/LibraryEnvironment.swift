// Two variables of the environment, which container images set for other programs, tell OpenBLAS which kernels to run and
// how large the cache is; set wrongly they halve its speed. It reads them when the process starts, before any code of ours.

import Glibc
import SafeIO
import TensorCore

/// What may keep OpenBLAS from its best.
package enum LibraryEnvironment {
  package static let variables = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"]

  /// Those variables that are set, as `NAME=value`.
  package static var settings: [String] {
    variables.compactMap { name in getenv(name).map { "\(name)=\(String(cString: $0))" } }
  }

  /// Starts this program anew without the variables; returns only if that fails.
  package static func restart() {
    for name in variables { unsetenv(name) }
    var arguments = CommandLine.arguments.map { strdup($0) }
    arguments.append(nil)
    execv(Program.executable, arguments)
    for argument in arguments { free(argument) }
  }

  /// What is wrong, one sentence each.
  package static var warnings: [String] {
    var warnings: [String] = []
    if !settings.isEmpty {
      let names = settings.map { String($0.prefix { $0 != "=" }) }.joined(separator: " ")
      warnings.append(
        "the environment has \(settings.joined(separator: " and ")), which OpenBLAS obeys instead of looking at the CPU; "
          + "`unset \(names)` clears it")
    }
    let kernels = FloatProduct.libraryKernels
    if Machine.instructionFeatures.contains("avx512f"), !widest.contains(kernels.lowercased()) {
      warnings.append(
        "OpenBLAS runs its \(kernels) kernels although the CPU has AVX-512; "
          + "a newer OpenBLAS, or OPENBLAS_CORETYPE=SKYLAKEX in the environment, makes f32 products faster")
    }
    return warnings
  }

  /// Sets of kernels that use AVX-512.
  private static let widest: Set<String> = ["skylakex", "cooperlake", "sapphirerapids", "zen4", "zen5"]
}
