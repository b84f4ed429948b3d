// Whether a registry is whole: the chain of its log, the pointers beside it, every blob of every artifact, and the
// records and policies by which the gate decided.

import SafeIO

/// What a check of a registry found.
package struct Audit: Sendable {
  /// Each fault as a sentence.
  package let faults: [String]
  /// What is in order but worth knowing.
  package let notes: [String]
  package let entryCount: Int
  package let artifactCount: Int

  package var ok: Bool { faults.isEmpty }
}

extension Store {
  /// Checks the log alone: its chain, and the pointers that it decides.
  package func auditLog() throws(Failure) -> Audit {
    var faults: [String] = []
    var notes: [String] = []
    if let fault = log.fault { faults.append(fault.message) }
    if log.tornBytes > 0 {
      notes.append("log.jsonl: \(log.tornBytes) bytes of an interrupted entry; the next command removes them")
    }
    // After a broken link the log says nothing about where channels stand.
    if log.fault == nil {
      for channel in channels {
        switch try pointers.state(of: channel, in: log) {
        case .current: break
        case .behind:
          notes.append(
            "channels/\(channel.name): its move was interrupted; the next command brings it up to the log")
        case .unknownEntry:
          faults.append("channels/\(channel.name): names an entry that the log does not hold")
        }
      }
      let known = Set(channels.map(\.name.description))
      for name in try pointers.names() where !known.contains(name) {
        faults.append("channels/\(name): the log knows of no such channel")
      }
    }
    return Audit(
      faults: faults, notes: notes, entryCount: log.entries.count, artifactCount: try artifacts().count)
  }

  /// Checks everything, which reads every byte of the registry.
  package func audit() throws(Failure) -> Audit {
    let log = try auditLog()
    var faults = log.faults
    for digest in try artifacts() {
      do throws(Failure) {
        faults += try self.faults(of: digest)
      } catch {
        if error.kind == .interrupted { throw error }
        faults.append(error.message)
      }
    }
    faults += try evidenceFaults()
    for channel in channels where self.log.fault == nil && !holds(channel.artifact) {
      faults.append("channels/\(channel.name): its artifact \(channel.artifact) is not in the registry")
    }
    return Audit(
      faults: faults, notes: log.notes, entryCount: log.entryCount, artifactCount: log.artifactCount)
  }

  /// What is wrong with the records and policies that the log names.
  private func evidenceFaults() throws(Failure) -> [String] {
    var faults: [String] = []
    var seen: Set<String> = []
    for entry in log.entries {
      for (role, digest) in [("record", entry.record), ("policy", entry.policy)] {
        guard let digest, seen.insert(digest).inserted else { continue }
        let user = "the \(role) of log entry \(entry.sequence)"
        guard Digest.isValid(digest) else {
          faults.append("log.jsonl: \(user) is not a digest")
          continue
        }
        if let fault = try fault(ofBlob: digest, for: user) { faults.append(fault) }
      }
    }
    return faults
  }
}
