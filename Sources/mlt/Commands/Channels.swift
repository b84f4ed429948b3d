// mlt channels: where each channel points, and how it came there.

import ArgumentParser
import Registry
import SafeIO

/// Lists the channels of a registry.
struct Channels: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List channels and their history.",
    discussion: """
      The log's chain is checked first; mlt verify checks the artifacts as well.

      EXAMPLE
        mlt channels
        mlt channels --history
      """)

  @Flag(help: "Every entry of the log: pins, promotions, refusals, rollbacks.")
  var history = false

  @OptionGroup var registry: RegistryOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    let store = try Store(path: registry.path)
    let audit = try store.auditLog()
    guard audit.ok else {
      throw Failure.refused("\(registry.path): \(audit.faults.joined(separator: "; "))")
    }
    if common.json {
      Console.print(json: json(store))
    } else if history {
      Console.print(Channels.table(of: store.log.entries))
    } else if store.channels.isEmpty {
      Console.print("\(registry.path): no channel yet")
    } else {
      let rows = store.channels.map { channel in
        [
          channel.name.description, channel.artifact, channel.promotion?.time ?? "",
          channel.predecessor.map { String($0.artifact.prefix(12)) } ?? "nothing",
        ]
      }
      Console.print(Console.table(["channel", "artifact", "promoted", "rollback to"], rows))
    }
  }

  private static func table(of entries: [LogEntry]) -> String {
    let rows = entries.map { entry in
      let words = [
        entry.details["verdict"]?.stringValue,
        entry.details["approved"]?.stringValue.map { "approved: \($0)" },
        entry.details["reason"]?.stringValue,
        entry.details["reasons"]?.arrayValue?.compactMap(\.stringValue).joined(separator: "; "),
      ].compactMap(\.self).filter { !$0.isEmpty }
      return [
        "\(entry.sequence)", entry.time, entry.action.rawValue, entry.channel ?? "",
        String(entry.artifact.prefix(12)), Console.clean(words.joined(separator: "; ")),
      ]
    }
    return Console.table(["entry", "time", "action", "channel", "artifact", "details"], rows)
  }

  private func json(_ store: Store) -> JSON {
    let channels = store.channels.map { channel -> JSON in
      [
        "name": .string(channel.name.description), "artifact": ["manifest_digest": .string(channel.artifact)],
        "promoted": channel.promotion.map { .string($0.time) } ?? .null,
        "predecessor": channel.predecessor.map { .string($0.artifact) } ?? .null,
        "history": .array(channel.history.map(\.json)),
      ]
    }
    var object: JSONObject = ["version": 1, "registry": .string(registry.path), "channels": .array(channels)]
    if history { object["log"] = .array(store.log.entries.map(\.json)) }
    return .object(object)
  }
}
