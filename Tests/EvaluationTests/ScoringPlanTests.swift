// Which tokens are scored, in which window.

import Evaluation
import SafeIO
import Testing

@Suite struct ScoringPlanTests {
  private static let ids = (0..<10).map { Int32($0) }

  private func plan(
    _ count: Int = 10, context: Int, stride: Int? = nil, beginning: Int32? = nil, limit: Int? = nil
  ) throws(Failure) -> ScoringPlan {
    try ScoringPlan(
      text: Array(Self.ids.prefix(count)), context: context, stride: stride, beginning: beginning,
      limit: limit,
      place: "text")
  }

  /// The tokens each window scores, as positions in the text.
  private func scored(_ plan: ScoringPlan) -> [Range<Int>] {
    plan.windows.map { $0.start + $0.scored.lowerBound..<$0.start + $0.scored.upperBound }
  }

  @Test func `windows side by side never score their own first token`() throws {
    let plan = try plan(context: 4)
    #expect(plan.windows.map(\.ids) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]])
    #expect(scored(plan) == [1..<4, 5..<8, 9..<10])
    #expect(plan.scoredTokens == 7)
  }

  @Test func `overlapping windows score each token once, in the first that holds it`() throws {
    let plan = try plan(context: 4, stride: 2)
    #expect(plan.windows.map(\.ids) == [[0, 1, 2, 3], [2, 3, 4, 5], [4, 5, 6, 7], [6, 7, 8, 9]])
    #expect(scored(plan) == [1..<4, 4..<6, 6..<8, 8..<10])
    #expect(plan.scoredTokens == 9)
  }

  @Test func `the first window that reaches the end is the last`() throws {
    #expect(try plan(context: 10, stride: 1).windows.count == 1)
    #expect(try plan(context: 9, stride: 1).windows.count == 2)
    #expect(scored(try plan(context: 9, stride: 8)) == [1..<9, 9..<10])
  }

  @Test func `a token put before each window lets every token be scored`() throws {
    let plan = try plan(context: 5, beginning: 99)
    #expect(plan.windows.map(\.ids) == [[99, 0, 1, 2, 3], [99, 4, 5, 6, 7], [99, 8, 9]])
    #expect(scored(plan) == [0..<4, 4..<8, 8..<10])
    #expect(scored(try self.plan(context: 5, stride: 2, beginning: 99)) == [0..<4, 4..<6, 6..<8, 8..<10])
  }

  @Test func `a limit takes the first windows`() throws {
    #expect(try plan(context: 4, limit: 2).scoredTokens == 6)
  }

  @Test func `documents are cut to the context and scored from their second token`() throws {
    let plan = try ScoringPlan(documents: [[1, 2, 3, 4], [5], [6, 7]], context: 3, place: "data")
    #expect(plan.windows.map(\.ids) == [[1, 2, 3], [6, 7]])
    #expect(scored(plan) == [1..<3, 5..<6])
    #expect(plan.tokenCount == 6)
  }

  @Test func `settings that make no sense are refused`() throws {
    func kind(_ body: () throws(Failure) -> ScoringPlan) -> Failure.Kind? {
      do throws(Failure) {
        _ = try body()
        return nil
      } catch { return error.kind }
    }
    #expect(kind { () throws(Failure) in try plan(context: 1) } == .usage)
    #expect(kind { () throws(Failure) in try plan(context: 4, stride: 0) } == .usage)
    #expect(kind { () throws(Failure) in try plan(context: 4, stride: 5) } == .usage)
    #expect(kind { () throws(Failure) in try plan(context: 4, stride: 4, beginning: 1) } == .usage)
    #expect(kind { () throws(Failure) in try plan(0, context: 4) } == .badData)
    #expect(kind { () throws(Failure) in try plan(1, context: 4) } == .badData)
  }
}
