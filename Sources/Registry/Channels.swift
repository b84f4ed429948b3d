// Channels: names such as `production` that point at one artifact.
//
// A move is written to the log first and to the channel's pointer file second. The log is the truth: whoever next
// takes the registry's lock finds a pointer that a killed process left behind and brings it up to the log. A
// pointer that is ahead of the log can't come from a crash, so it means that the log was cut.

import Glibc
import SafeIO

/// The name of a channel: lower-case letters, digits, `.`, `_` and `-`, not beginning with a dot, up to 64.
package struct ChannelName: Hashable, Sendable, CustomStringConvertible {
  package let description: String

  package init?(_ text: String) {
    guard text.isPlain(allowing: "._-"), 1...64 ~= text.utf8.count, !text.hasPrefix(".") else { return nil }
    description = text
  }

  /// Reads a name from the command line.
  package init(argument text: String) throws(Failure) {
    guard let name = ChannelName(text) else {
      throw .usage(
        "'\(text)' can't name a channel: use up to 64 lower-case letters, digits, '.', '_' and '-', "
          + "not beginning with a dot")
    }
    self = name
  }
}

/// Where a channel stands and how it came there.
package struct Channel: Sendable {
  package let name: ChannelName
  /// The moves (promotions and rollbacks), oldest first; never empty.
  package let history: [LogEntry]
  /// The promotions that a rollback can still return to, oldest first; the last is the current one.
  package let standing: [LogEntry]

  /// The manifest digest of the artifact it points at.
  package var artifact: String { standing.last?.artifact ?? "" }
  /// The promotion that brought the artifact here, with its record.
  package var promotion: LogEntry? { standing.last }
  /// What a rollback would return to.
  package var predecessor: LogEntry? { standing.dropLast().last }

  /// Replays a log: a promotion puts an artifact on top, a rollback takes it away again.
  package static func replay(_ log: RegistryLog) -> [Channel] {
    var moves: [ChannelName: [LogEntry]] = [:]
    for entry in log.entries where entry.action == .promote || entry.action == .rollback {
      if let name = entry.channel.flatMap(ChannelName.init) { moves[name, default: []].append(entry) }
    }
    return moves.sorted { $0.key.description.precedes($1.key.description) }
      .compactMap { name, history in
        var standing: [LogEntry] = []
        for entry in history {
          // A promotion of what is there already renews its record; a rollback must not return to itself.
          if entry.action == .rollback || standing.last?.artifact == entry.artifact { _ = standing.popLast() }
          if entry.action == .promote { standing.append(entry) }
        }
        return standing.isEmpty ? nil : Channel(name: name, history: history, standing: standing)
      }
  }

  /// The content of the pointer file: the artifact, and the entry of the log that says so.
  var pointer: JSON {
    guard let move = history.last else { return .null }
    return [
      "manifest_digest": .string(artifact), "entry": .integer(move.sequence),
      "entry_digest": .string(move.digest),
    ]
  }
}

/// The pointer files of a registry.
struct ChannelPointers {
  let folder: String

  /// What a pointer file holds beside what the log says.
  enum State: Equatable {
    case current
    /// Behind the log: its writer was interrupted.
    case behind
    /// Names an entry that the log does not hold.
    case unknownEntry
  }

  /// Compares the pointer of a channel with the log.
  func state(of channel: Channel, in log: RegistryLog) throws(Failure) -> State {
    let path = "\(folder)/\(channel.name)"
    guard Files.exists(path) else { return .behind }
    guard let pointer = try? JSON.read(path: path, limit: 4_096) else { return .unknownEntry }
    if pointer == channel.pointer { return .current }
    guard let sequence = pointer["entry"]?.intValue, log.entries.indices.contains(sequence - 1),
      pointer["entry_digest"]?.stringValue == log.entries[sequence - 1].digest,
      channel.history.dropLast().contains(where: { $0.sequence == sequence })
    else { return .unknownEntry }
    return .behind
  }

  /// The channels that have a pointer file; hidden files are the leftovers of interrupted writers.
  func names() throws(Failure) -> [String] {
    Files.isDirectory(folder) ? try Files.list(folder).filter { !$0.hasPrefix(".") } : []
  }

  func write(_ channel: Channel) throws(Failure) {
    try Files.writeAtomically(channel.pointer.text() + "\n", to: "\(folder)/\(channel.name)")
  }
}
