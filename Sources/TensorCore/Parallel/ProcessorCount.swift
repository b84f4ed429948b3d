// How many cores this process may use, which in a container is not how many there are. Two hardware threads of a core
// share its multiply-add units: a second one adds nothing to a kernel that keeps them busy, and takes half of the cache.

import SafeIO

enum ProcessorCount {
  /// Physical cores allowed to the process: those of its affinity mask, bounded by the CPU quota of its control group
  /// (cgroup v2, `cpu.max`: quota and period in microseconds, or `max`).
  ///
  /// At least 1.
  static func allowed() -> Int {
    max(1, min(cores(of: affinity()), quota() ?? .max))
  }

  /// The processors of the affinity mask: `Cpus_allowed_list`, such as `0-3,8` (proc(5)).
  private static func affinity() -> [Int] {
    let list = ProcFile.status("Cpus_allowed_list") ?? ""
    return list.filter { !$0.isWhitespace }.split(separator: ",").flatMap { range -> [Int] in
      let ends = range.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, first <= last, last < 1 << 16 else { return [] }
      return Array(first...last)
    }
  }

  /// How many different cores some processors belong to; one whose siblings the system doesn't tell is a core.
  private static func cores(of processors: [Int]) -> Int {
    let siblings = processors.map { processor in
      ProcFile.text("/sys/devices/system/cpu/cpu\(processor)/topology/thread_siblings_list") ?? "\(processor)"
    }
    return Set(siblings).count
  }

  /// The smallest quota of the process's control group and its parents, in whole cores.
  private static func quota() -> Int? {
    ControlGroup.limits("cpu.max").compactMap { fields in
      guard fields.count == 2, let quota = Int(fields[0]), let period = Int(fields[1]), period > 0 else {
        return nil
      }
      return max(1, (quota + period - 1) / period)
    }.min()
  }
}
