// What a container may use, which is less than what there is (cgroup v2; the kernel's Documentation/admin-guide/cgroup-v2.rst).

/// The process's control group.
package enum ControlGroup {
  /// What a file such as `cpu.max` holds for the process's group and for each of its parents that has one: fields that
  /// white space separates.
  package static func limits(_ file: String) -> [[Substring]] {
    guard let membership = ProcFile.text("/proc/self/cgroup"),
      let line = membership.split(separator: "\n").first(where: { $0.hasPrefix("0::") })
    else { return [] }
    var group = String(line.dropFirst(3))
    var limits: [[Substring]] = []
    while true {
      if let text = ProcFile.text("/sys/fs/cgroup" + (group == "/" ? "" : group) + "/" + file) {
        limits.append(text.split(whereSeparator: \.isWhitespace))
      }
      guard let slash = group.lastIndex(of: "/"), group != "/" else { return limits }
      group = slash == group.startIndex ? "/" : String(group[..<slash])
    }
  }
}
