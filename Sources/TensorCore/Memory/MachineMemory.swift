// How much memory there is to plan with.

import Glibc
import SafeIO

package enum MachineMemory {
  /// Bytes of memory that the machine has, or that the process's control group allows (`memory.max`) if that is less.
  package static let bytes: Int = {
    let installed = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    let allowed = ControlGroup.limits("memory.max").compactMap { $0.first.flatMap { Int($0) } }
    return min(installed, allowed.min() ?? .max)
  }()
}
