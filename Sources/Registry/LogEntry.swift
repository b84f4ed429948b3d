// One line of the registry's log.

import Glibc
import SafeIO

/// What happened in a registry, chained to what happened before.
///
/// On disk it is one line of compact JSON: `sequence`, `previous`, `time`, `action`, the details of the action, and
/// last `digest`, the SHA-256 of all bytes of the line before `,"digest":`.
package struct LogEntry: Sendable, Equatable {
  package enum Action: String, Sendable {
    /// An artifact was stored.
    case pin
    /// The gate let an artifact into a channel.
    case promote
    /// The gate did not.
    case refuse
    /// A channel went back to what it held before.
    case rollback
  }

  /// 1 for the first entry.
  package let sequence: Int
  /// The digest of the entry before; 64 zeros for the first.
  package let previous: String
  /// UTC, such as `2026-11-21T13:30:00Z`.
  package let time: String
  package let action: Action
  /// The members of the line between `action` and `digest`.
  package let details: JSONObject
  package let digest: String

  static let firstPrevious = String(repeating: "0", count: 64)

  /// The manifest digest of the artifact it is about.
  package var artifact: String { details["artifact"]?.stringValue ?? "" }
  package var channel: String? { details["channel"]?.stringValue }
  /// The digest of the blob that holds the evaluation record.
  package var record: String? { details["record"]?.stringValue }
  /// The digest of the blob that holds the policy.
  package var policy: String? { details["policy"]?.stringValue }

  init(after last: LogEntry?, action: Action, details: JSONObject) {
    sequence = (last?.sequence ?? 0) + 1
    previous = last?.digest ?? LogEntry.firstPrevious
    time = LogEntry.now()
    self.action = action
    self.details = details
    let members = LogEntry.members(sequence, previous, time, action, details)
    digest = Digest.sha256(JSON.object(members).text().dropLast().utf8)
  }

  /// Reads a line and checks it against the one before.
  /// - Throws: `Failure.badData` that says which link of the chain is broken.
  init(line: [UInt8], after last: LogEntry?, source: String) throws(Failure) {
    let fields = try Fields(JSON.parse(line, source: source), source: source)
    sequence = try fields.int("sequence")
    previous = try fields.string("previous")
    time = try fields.string("time")
    digest = try fields.string("digest")
    guard let action = Action(rawValue: try fields.string("action")) else {
      throw fields.complaint("action", "is not known")
    }
    self.action = action
    var details = fields.object
    for key in ["sequence", "previous", "time", "action", "digest"] { details.removeValue(forKey: key) }
    self.details = details
    guard line.elementsEqual(text.utf8), digest == contentDigest else {
      throw .badData(source, "was changed after it was written: its digest is not that of its content")
    }
    guard sequence == (last?.sequence ?? 0) + 1, previous == last?.digest ?? LogEntry.firstPrevious else {
      throw .badData(source, "does not follow the entry before it: an entry was removed, added or replaced")
    }
    guard Digest.isValid(artifact) else { throw fields.complaint("artifact", "is not a digest") }
    guard action == .pin || ChannelName(channel ?? "") != nil else {
      throw fields.complaint("channel", "is not the name of a channel")
    }
  }

  /// The line, without its end.
  package var text: String { json.text() }

  package var json: JSON {
    var members = LogEntry.members(sequence, previous, time, action, details)
    members["digest"] = .string(digest)
    return .object(members)
  }

  private var contentDigest: String {
    let members = LogEntry.members(sequence, previous, time, action, details)
    return Digest.sha256(JSON.object(members).text().dropLast().utf8)
  }

  private static func members(
    _ sequence: Int, _ previous: String, _ time: String, _ action: Action, _ details: JSONObject
  ) -> JSONObject {
    let members: JSONObject = [
      "sequence": .integer(sequence), "previous": .string(previous), "time": .string(time),
      "action": .string(action.rawValue),
    ]
    return members.merging(details)
  }

  /// The clock, to the second, in the form of RFC 3339.
  private static func now() -> String {
    var seconds = time_t()
    Glibc.time(&seconds)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func digits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let date = "\(parts.tm_year + 1900)-\(digits(parts.tm_mon + 1))-\(digits(parts.tm_mday))"
    return "\(date)T\(digits(parts.tm_hour)):\(digits(parts.tm_min)):\(digits(parts.tm_sec))Z"
  }
}
