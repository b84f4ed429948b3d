// mlt promote: asks the gate, and moves a channel if it agrees.

import ArgumentParser
import Registry
import SafeIO

/// Moves a channel to an artifact that has shown what the policy asks for.
struct Promote: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ask the gate, and move a channel to an artifact.",
    discussion: """
      The artifact must be intact, the record must be about this artifact and from the policy's suite, and every \
      rule of the policy must be kept. What was not measured needs review; a person can accept that with --approve.

      EXAMPLE
        mlt promote base-4bit --channel production \\
          --record evaluation/record.json --policy policy.yaml

      Exit status: 0 accepted, the channel moved; 1 rejected or needs review, nothing moved.
      """)

  @Argument(help: "The folder of the artifact.")
  var artifact: String

  @Option(help: "The channel to move, such as production.")
  var channel: String

  @Option(help: "The evaluation record that mlt eval wrote.")
  var record: String

  @Option(help: "The policy, a YAML file.")
  var policy: String

  @Option(help: "Accept what needs review, for this reason, which is logged. It can't overrule a rejection.")
  var approve: String?

  @OptionGroup var registry: RegistryOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let approve, !approve.contains(where: { !$0.isWhitespace }) {
      throw ValidationError("--approve needs a reason")
    }
  }

  func run() throws {
    let name = try ChannelName(argument: channel)
    let promotion = try Store.write(at: registry.path) { store in
      try store.promote(artifact, to: name, recordPath: record, policyPath: policy, approval: approve)
    }
    if common.json {
      Console.print(json: json(promotion))
    } else {
      print(promotion)
    }
    guard promotion.moved else { throw ExitCode(Failure.Kind.refused.rawValue) }
  }

  private func print(_ promotion: Promotion) {
    let rows = promotion.verdict.checks.map { check in
      [check.outcome.rawValue, Console.clean(check.reason)]
    }
    Console.print(Console.table(["answer", "because"], rows))
    let verdict = promotion.verdict.outcome.rawValue
    Console.print("")
    if promotion.moved {
      let approval = promotion.verdict.outcome == .accept ? "" : ", approved by hand"
      Console.print("\(verdict)\(approval): \(promotion.channel) is \(promotion.artifact) now")
    } else {
      let held = promotion.replaced.map { "still \($0)" } ?? "empty as before"
      Console.print("\(verdict): \(promotion.channel) is \(held)")
    }
  }

  private func json(_ promotion: Promotion) -> JSON {
    [
      "version": 1, "artifact": ["manifest_digest": .string(promotion.artifact), "path": .string(artifact)],
      "channel": .string(promotion.channel.description),
      "verdict": .string(promotion.verdict.outcome.rawValue),
      "moved": .bool(promotion.moved),
      "approved": promotion.moved && promotion.verdict.outcome == .needsReview
        ? approve.map(JSON.string) ?? .null : .null, "replaced": promotion.replaced.map(JSON.string) ?? .null,
      "reasons": .array(promotion.verdict.reasons.map(JSON.string)),
      "checks": .array(promotion.verdict.checks.map(\.json)),
    ]
  }
}
