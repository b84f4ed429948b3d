// A run with everything that was measured in it, as the evaluation record: one artifact, one suite, one strategy. The
// keys that the gate reads are those of Registry's `EvaluationRecord`; the rest is for people and reports.

import Registry
import SafeIO
import TensorCore

/// One evaluated suite, ready to be written.
package struct MeasuredRun: Sendable {
  package let outcome: SuiteOutcome
  /// Nil when rules ran without a model.
  package let model: EvaluatedModel?
  /// What the text measurement was compared with.
  package let reference: EvaluatedModel.Artifact?
  package let text: TextMeasurement?
  /// What determines a model's answers beside its weights.
  package let generation: JSON
  /// Peak resident memory when the fixtures were done, before texts and a reference were opened.
  package let peakMemoryBytes: Int
  package let machine: Machine
  /// How the model's products rounded; nil without a model.
  package let arithmetic: Arithmetic?

  package init(
    outcome: SuiteOutcome, model: EvaluatedModel?, reference: EvaluatedModel.Artifact?,
    text: TextMeasurement?,
    generation: JSON, peakMemoryBytes: Int, machine: Machine, arithmetic: Arithmetic? = nil
  ) {
    self.outcome = outcome
    self.model = model
    self.reference = reference
    self.text = text
    self.generation = generation
    self.peakMemoryBytes = peakMemoryBytes
    self.machine = machine
    self.arithmetic = arithmetic
  }

  private typealias Key = EvaluationRecord.Key

  /// The record.
  package var json: JSON {
    var record: JSONObject = [
      Key.version: .integer(EvaluationRecord.version), "tool_version": .string(Version.current),
      Key.artifact: model?.artifactJSON
        ?? [Key.manifestDigest: .null, Key.name: .string(outcome.strategy)],
      Key.base: model?.baseJSON ?? .null,
      Key.reference: reference?.json ?? .null,
      Key.suite: [
        Key.name: .string(outcome.suite.name), Key.version: .string(outcome.suite.version),
        Key.digest: .string(outcome.suite.digest), Key.fixtures: .integer(outcome.suite.fixtures.count),
      ],
      Key.strategy: .string(outcome.strategy),
    ]
    if let reason = outcome.unavailable { record[Key.unavailable] = .string(reason) }
    record["context_length"] = model.map { .integer($0.contextLength) } ?? .null
    record["generation"] = generation
    record["machine"] = machine.json
    record["arithmetic"] = arithmetic.map { .string($0.record) } ?? .null
    record[Key.metrics] = .object(metrics)
    record[Key.fixtures] = .array(outcome.outcomes.map(Self.json))
    return .object(record)
  }

  /// Only what was measured: a number that is missing must not look like a good one.
  private var metrics: JSONObject {
    var metrics: JSONObject = [:]
    if let model {
      metrics[Metric.size] = .integer(model.byteCount)
      metrics[Metric.bitsPerWeight] = .double(model.bitsPerWeight)
    }
    if let text {
      metrics[Metric.perplexity] = .double(text.perplexity)
      metrics["scored_tokens"] = .integer(text.scoredTokens)
    }
    if let comparison = text?.comparison, let text {
      metrics[Metric.perplexityRatio] = .double(text.perplexity / comparison.referencePerplexity)
      metrics[Metric.klDivergence] = .double(comparison.divergence)
      metrics["kl_divergence_p99"] = .double(comparison.divergence99)
      metrics["top1_agreement"] = .double(comparison.sameTop)
    }
    let answered = outcome.outcomes.filter { $0.result != nil || $0.rawAnswer != nil }
    if !answered.isEmpty {
      let valid = answered.count { $0.result != nil }
      metrics[Metric.schemaValidRate] = .double(Double(valid) / Double(answered.count))
    }
    let usages = outcome.outcomes.compactMap(\.usage)
    if !usages.isEmpty {
      metrics["prompt_tokens"] = .integer(usages.reduce(0) { $0 + $1.promptTokens })
      metrics["output_tokens"] = .integer(usages.reduce(0) { $0 + $1.outputTokens })
      let first = usages.map(\.timeToFirstToken)
      metrics[Metric.timeToFirstToken] = .double(first.quantile(0.5))
      metrics["time_to_first_token_seconds_p95"] = .double(first.quantile(0.95))
      metrics[Metric.tokensPerSecond] = .double(usages.map(\.tokensPerSecond).quantile(0.5))
    }
    if outcome.unavailable == nil { metrics[Metric.peakMemory] = .integer(peakMemoryBytes) }
    return metrics
  }

  private static func json(_ one: FixtureOutcome) -> JSON {
    var fixture: JSONObject = [
      Key.name: .string(one.name), Key.kind: .string(one.kind), Key.passed: .bool(one.passed),
      Key.category: one.failures.first.map { .string($0.category.rawValue) } ?? .null,
      "failures": .array(
        one.failures.map {
          ["category": .string($0.category.rawValue), "message": .string($0.message)]
        }),
      "seconds": .double(one.seconds), "peak_memory_bytes": .integer(one.peakMemoryBytes),
      "tool_calls": .integer(one.toolCalls.count),
    ]
    if let usage = one.usage {
      fixture["prompt_tokens"] = .integer(usage.promptTokens)
      fixture["output_tokens"] = .integer(usage.outputTokens)
      fixture["time_to_first_token_seconds"] = .double(usage.timeToFirstToken)
      fixture["tokens_per_second"] = .double(usage.tokensPerSecond)
    }
    if let result = one.result { fixture["result"] = result.json }
    if let raw = one.rawAnswer { fixture["answer"] = .string(raw) }
    return .object(fixture)
  }
}
