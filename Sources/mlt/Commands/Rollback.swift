// mlt rollback: a channel back to what it held before.

import ArgumentParser
import Registry
import SafeIO

/// Undoes the last promotion of a channel.
struct Rollback: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Move a channel back to what it held before.",
    discussion: """
      The artifact it goes back to is checked first, and the move is logged. A second rollback goes one further back.

      EXAMPLE
        mlt rollback production --reason "slower than measured"
      """)

  @Argument(help: "The channel.")
  var channel: String

  @Option(help: "Why; it is logged.")
  var reason: String?

  @OptionGroup var registry: RegistryOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    let name = try ChannelName(argument: channel)
    let move = try Store.write(at: registry.path, creating: false) { try $0.rollback(name, reason: reason) }
    if common.json {
      Console.print(json: [
        "version": 1, "channel": .string(name.description), "artifact": ["manifest_digest": .string(move.to)],
        "replaced": .string(move.from),
      ])
    } else {
      Console.print("\(name) is \(move.to) again, no longer \(move.from)")
    }
  }
}
