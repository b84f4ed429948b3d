// How many processors this process may use, which in a container is not how many there are.

import SafeIO

enum ProcessorCount {
  /// Cores allowed to the process: its affinity mask, bounded by the CPU quota of its control group (cgroup
  /// v2, `cpu.max`: quota and period in microseconds, or `max`).
  ///
  /// At least 1.
  static func allowed() -> Int {
    max(1, min(affinity() ?? 1, quota() ?? .max))
  }

  /// The processors of the affinity mask: `Cpus_allowed`, hexadecimal words with commas (proc(5)).
  private static func affinity() -> Int? {
    ProcFile.status("Cpus_allowed")?.reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
  }

  /// The smallest quota of the process's control group and its parents, in whole cores.
  private static func quota() -> Int? {
    guard let membership = ProcFile.text("/proc/self/cgroup"),
      let line = membership.split(separator: "\n").first(where: { $0.hasPrefix("0::") })
    else { return nil }
    var group = String(line.dropFirst(3))
    var least: Int?
    while true {
      let file = "/sys/fs/cgroup" + (group == "/" ? "" : group) + "/cpu.max"
      let fields = ProcFile.text(file)?.split(whereSeparator: { $0 == " " || $0 == "\n" }) ?? []
      if fields.count == 2, let quota = Int(fields[0]), let period = Int(fields[1]), period > 0 {
        let cores = max(1, (quota + period - 1) / period)
        least = min(least ?? cores, cores)
      }
      guard let slash = group.lastIndex(of: "/"), group != "/" else { return least }
      group = slash == group.startIndex ? "/" : String(group[..<slash])
    }
  }
}
