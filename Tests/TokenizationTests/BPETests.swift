// The merges against the plainest way to do them, and words of any length.

import SafeIO
import Testing
import Tokenization

@Suite struct BPETests {
  /// Merging as the paper has it: look for the lowest rank everywhere, merge its first place, start over.
  private func plainMerge(_ symbols: [String], _ ranks: [[String]: Int]) -> [String] {
    var symbols = symbols
    while true {
      let pairs = symbols.indices.dropLast().map { [symbols[$0], symbols[$0 + 1]] }
      let best = pairs.indices.filter { ranks[pairs[$0]] != nil }.min {
        (ranks[pairs[$0]] ?? 0, $0) < (ranks[pairs[$1]] ?? 0, $1)
      }
      guard let best else { return symbols }
      symbols[best] += symbols.remove(at: best + 1)
    }
  }

  @Test func `merging agrees with the plain method`() throws {
    var generator = SplitMix(state: 7)
    for _ in 0..<40 {
      // Random merges over three letters, each made of tokens that exist.
      var tokens = ["a", "b", "c"]
      var merges: [[String]] = []
      for _ in 0..<30 {
        let pair = [tokens[generator.next(tokens.count)], tokens[generator.next(tokens.count)]]
        let merged = pair[0] + pair[1]
        if merged.count > 8 || merges.contains(pair) { continue }
        merges.append(pair)
        if !tokens.contains(merged) { tokens.append(merged) }
      }
      let tokenizer = try TinyTokenizer.merging(tokens, merges)
      let ranks = Dictionary(uniqueKeysWithValues: merges.enumerated().map { ($1, $0) })
      for length in [0, 1, 2, 3, 7, 20, 130] {
        let symbols = (0..<length).map { _ in tokens[generator.next(3)] }
        let encoding = try tokenizer.encode(symbols.joined())
        #expect(encoding.tokens == plainMerge(symbols, ranks))
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `a word of a megabyte is merged in moments`() throws {
    let tokens = (0..<12).map { String(repeating: "a", count: 1 << $0) }
    let merges = tokens.dropLast().map { [$0, $0] }
    let tokenizer = try TinyTokenizer.merging(tokens, merges)
    let ids = try tokenizer.encode(String(repeating: "a", count: 1 << 20)).ids
    #expect(ids == Array(repeating: 11, count: 1 << 9))
  }

  @Test func `cutting at the mark changes no token`() throws {
    // One vocabulary lets a merge reach across the mark, so that it is not cut there.
    for crossing in [[], [["b", "▁a"]]] {
      let merges = [["▁", "a"], ["a", "b"], ["▁a", "b"]] + crossing
      let tokens = ["a", "b", "▁", "▁a", "ab", "▁ab", "b▁a"]
      let tokenizer = try TinyTokenizer.merging(tokens, merges)
      let ranks = Dictionary(uniqueKeysWithValues: merges.enumerated().map { ($1, $0) })
      for text in ["▁ab▁ab▁b▁", "b▁a▁ab", "▁▁ab", "ab"] {
        let symbols = text.unicodeScalars.map { String($0) }
        #expect(try tokenizer.encode(text).tokens == plainMerge(symbols, ranks), "\(text)")
      }
    }
  }

  @Test func `a word that is a token stays whole when merges are ignored`() throws {
    for (ignores, expected): (Bool, [Int32]) in [(true, [2]), (false, [0, 1])] {
      var model = try #require(TinyTokenizer.model(TinyTokenizer.vocabulary(["a", "b", "ab"])).objectValue)
      model["ignore_merges"] = .bool(ignores)
      #expect(try TinyTokenizer.make(["model": .object(model)]).encode("ab").ids == expected)
    }
  }

  @Test func `unknown characters become bytes, the unknown token, or nothing`() throws {
    let vocabulary = TinyTokenizer.vocabulary(["a", "?", "<0xC3>", "<0xA9>"])
    func ids(_ text: String, unknown: String?, fuses: Bool = false, byteFallback: Bool = false) throws
      -> [Int32]
    {
      let model = TinyTokenizer.model(vocabulary, unknown: unknown, fuses: fuses, byteFallback: byteFallback)
      return try TinyTokenizer.make(["model": model]).encode(text).ids
    }
    #expect(try ids("aéa", unknown: "?", byteFallback: true) == [0, 2, 3, 0])
    #expect(try ids("axya", unknown: "?") == [0, 1, 1, 0])
    #expect(try ids("axya", unknown: "?", fuses: true) == [0, 1, 0])
    #expect(try ids("axya", unknown: nil) == [0, 0])
    let failure = try #require(throws: Failure.self) { try ids("ax", unknown: "<unk>") }
    #expect(failure.message.contains("so is the unknown token '<unk>'"))
  }

  @Test func `both spellings of an accented letter are tokens of their own`() throws {
    let tokenizer = try TinyTokenizer.merging(["é", "e", "\u{301}", "e\u{301}"], [["e", "\u{301}"]])
    #expect(try tokenizer.encode("ée\u{301}").ids == [0, 3])
  }

  @Test func `texts encoded at once come out as one after the other`() async throws {
    let tokenizer = try GoldenTokenizer.small[2].tokenizer()
    let texts = (0..<64).map { "The \($0) quick brown foxes, jumping \($0 * $0) times!" }
    let expected = try texts.map { try tokenizer.encode($0).ids }
    let results = try await withThrowingTaskGroup(of: (Int, [Int32]).self) { group in
      for (index, text) in texts.enumerated() {
        group.addTask { (index, try tokenizer.encode(text).ids) }
      }
      return try await group.reduce(into: [Int: [Int32]]()) { $0[$1.0] = $1.1 }
    }
    for (index, ids) in expected.enumerated() { #expect(results[index] == ids) }
  }
}

/// SplitMix64, a generator that gives the same numbers everywhere.
struct SplitMix {
  var state: UInt64

  /// A number below `limit`.
  mutating func next(_ limit: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return Int((mixed ^ mixed >> 31) % UInt64(limit))
  }
}
