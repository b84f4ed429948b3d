// Promotion and rollback: the two ways a channel moves.

import SafeIO

/// What a promotion did.
package struct Promotion: Sendable {
  /// The manifest digest of the artifact.
  package let artifact: String
  package let channel: ChannelName
  package let verdict: Verdict
  /// Whether the channel points at the artifact now.
  package let moved: Bool
  /// What the channel held before.
  package let replaced: String?
}

extension Store {
  /// Lets the gate judge an artifact, and moves the channel if it may; needs the lock.
  ///
  /// - Parameters:
  ///   - directory: the artifact; it is verified first, and stored when it is promoted.
  ///   - channel: the channel to move.
  ///   - recordPath: the evaluation record.
  ///   - policyPath: the policy.
  ///   - approval: a person's reason to accept what needs review; it can't overrule a rejection.
  package func promote(
    _ directory: String, to channel: ChannelName, recordPath: String, policyPath: String, approval: String?
  ) throws(Failure) -> Promotion {
    let manifest = try Manifest(directory: directory)
    let recordBytes = try Files.read(path: recordPath, limit: 64 << 20)
    let policyBytes = try Files.read(path: policyPath, limit: 1 << 20)
    let record = try EvaluationRecord(JSON.parse(recordBytes, source: recordPath), source: recordPath)
    let policy = try Policy(bytes: policyBytes, path: policyPath)
    let current = self.channel(channel)

    let verification = try manifest.verify(directory)
    let verdict: Verdict
    if !verification.ok {
      let reason = "\(directory) is not what its manifest says: \(verification.summary)"
      verdict = Verdict(checks: [Verdict.Check("the artifact is intact", .reject, reason)])
    } else if let reason = try doubt(of: recordBytes, at: recordPath) {
      verdict = Verdict(checks: [Verdict.Check("the record is intact", .reject, reason)])
    } else {
      verdict = Gate(policy: policy).judge(
        artifact: manifest.digest, record: record, incumbent: incumbent(of: current))
    }

    let moves = verdict.outcome == .accept || verdict.outcome == .needsReview && approval != nil
    var details: JSONObject = [
      "channel": .string(channel.description), "artifact": .string(manifest.digest),
      "replaces": current.map { .string($0.artifact) } ?? .null,
      "verdict": .string(verdict.outcome.rawValue), "reasons": .array(verdict.reasons.map(JSON.string)),
      "record": .string(try store(recordBytes)), "policy": .string(try store(policyBytes)),
      "suite": .string(policy.suiteDigest),
    ]
    if moves {
      try pin(directory)
      if verdict.outcome == .needsReview, let approval { details["approved"] = .string(approval) }
      try move(channel, .promote, details)
    } else {
      try note(.refuse, details)
    }
    return Promotion(
      artifact: manifest.digest, channel: channel, verdict: verdict, moved: moves, replaced: current?.artifact
    )
  }

  /// Why a record can't be believed: it lies in the folder of an evaluation whose manifest says otherwise.
  ///
  /// A record that was copied elsewhere has no manifest beside it, and stands for itself.
  private func doubt(of record: [UInt8], at path: String) throws(Failure) -> String? {
    let folder = Files.parent(of: path)
    guard Files.exists("\(folder)/\(Manifest.fileName)") else { return nil }
    let manifest = try Manifest(directory: folder)
    guard manifest.command == "eval" else { return nil }
    let listed = manifest.subjects.first { $0.path.text == Files.name(of: path) }
    guard listed?.sha256 != Digest.sha256(record) else { return nil }
    return "\(path) is not as mlt eval wrote it: \(folder)/\(Manifest.fileName) has another digest for it"
  }

  private func incumbent(of channel: Channel?) -> Gate.Incumbent {
    guard let channel else { return .none }
    guard let digest = channel.promotion?.record else {
      return .unreadable("it was promoted without a record")
    }
    do throws(Failure) {
      let source = "record of \(channel.artifact)"
      return .record(try EvaluationRecord(JSON.parse(bytes(digest), source: source), source: source))
    } catch {
      return .unreadable(error.message)
    }
  }

  /// Moves a channel back to what it held before its last promotion; needs the lock.
  ///
  /// - Throws: `Failure.notFound` without such a channel; `refused` when it held nothing before, or when what it
  ///   held is damaged.
  package func rollback(_ name: ChannelName, reason: String?) throws(Failure) -> (from: String, to: String) {
    guard let channel = channel(name) else {
      throw .notFound("\(path)/channels/\(name)", "no such channel; see mlt channels")
    }
    guard let target = channel.predecessor else {
      throw .refused(
        "channel \(name) held nothing before \(channel.artifact): there is nothing to go back to")
    }
    let faults = try faults(of: target.artifact)
    guard faults.isEmpty else {
      throw .refused("channel \(name) can't go back: \(faults.joined(separator: "; "))")
    }
    var details: JSONObject = [
      "channel": .string(name.description), "artifact": .string(target.artifact),
      "replaces": .string(channel.artifact),
    ]
    if let reason { details["reason"] = .string(reason) }
    try move(name, .rollback, details)
    return (from: channel.artifact, to: target.artifact)
  }
}
