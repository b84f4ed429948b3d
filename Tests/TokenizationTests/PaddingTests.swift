// Batches of equal length, as the `tokenizers` library makes them.

import SafeIO
import TestSupport
import Testing
import Tokenization

@Suite struct PaddingTests {
  private func padded(_ padding: JSON, _ texts: [String]) throws -> [Encoding] {
    let tokenizer = try TinyTokenizer.make([
      "padding": padding, "model": TinyTokenizer.model(TinyTokenizer.vocabulary(["[PAD]", "a", "b"])),
    ])
    var batch: [Encoding] = []
    for text in texts { batch.append(try tokenizer.encode(text)) }
    try tokenizer.batchPadding().pad(&batch)
    return batch
  }

  @Test(
    arguments: [
      (["strategy": "BatchLongest", "direction": "Right"], [[1, 2, 1], [1, 0, 0]]),
      (["strategy": "BatchLongest", "direction": "Left"], [[1, 2, 1], [0, 0, 1]]),
      (["strategy": "BatchLongest", "pad_to_multiple_of": 4, "pad_id": 2], [[1, 2, 1, 2], [1, 2, 2, 2]]),
      (["strategy": ["Fixed": 2]], [[1, 2, 1], [1, 0]]),
    ] as [(JSON, [[Int32]])])
  func `a batch is padded as the file says`(padding: JSON, ids: [[Int32]]) throws {
    let batch = try padded(padding, ["aba", "a"])
    #expect(batch.map(\.ids) == ids)
    #expect(batch.allSatisfy { $0.tokens.count == $0.count && $0.offsets.count == $0.count })
    #expect(batch[1].padding.count == batch[1].count - 1)
  }

  @Test(
    arguments: [
      (["strategy": "Other"], "key 'strategy': expected BatchLongest or a 'Fixed' length"),
      (["strategy": ["Fixed": -1]], "expected a length from 0 to"),
      (["strategy": ["Fixed": 9_223_372_036_854_775_807]], "expected a length from 0 to"),
      (["strategy": "BatchLongest", "direction": "Up"], "expected Left or Right"),
      (["strategy": "BatchLongest", "pad_id": -1], "key 'pad_id': is no id"),
      (nil, "neither 'padding' nor a 'pad_token' beside it says how to pad a batch"),
    ] as [(JSON, String)])
  func `padding that can't be done is refused when it is asked for`(padding: JSON, problem: String) throws {
    let failure = try #require(throws: Failure.self) { try padded(padding, ["a"]) }
    #expect(failure.kind == .badData && failure.message.contains(problem), "\(failure)")
  }
}
