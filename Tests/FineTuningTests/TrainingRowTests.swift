import FineTuning
import Testing

/// How a labelled document becomes inputs and targets.
@Suite struct TrainingRowTests {
  private let skip = TrainingRow.ignored

  @Test func `targets are the labels of the next position`() throws {
    let row = try #require(TrainingRow(ids: [5, 6, 7, 8], labels: [5, 6, 7, 8], line: 3))
    #expect(row.inputs == [5, 6, 7])
    #expect(row.targets == [6, 7, 8])
    #expect(row.trainedTokens == 3 && row.weightSum == 3 && row.line == 3)
  }

  @Test func `what follows the last target is not computed`() throws {
    let row = try #require(TrainingRow(ids: [5, 6, 7, 0, 0], labels: [skip, skip, 7, skip, skip], line: 1))
    #expect(row.inputs == [5, 6])
    #expect(row.targets == [skip, 7])
    #expect(row.trainedTokens == 1)
  }

  @Test func `a row is cut to the limit`() throws {
    let row = try #require(TrainingRow(ids: [1, 2, 3, 4], labels: [1, 2, 3, 4], line: 1, limit: 3))
    #expect(row.inputs == [1, 2] && row.targets == [2, 3])
  }

  @Test(arguments: [([1], [1]), ([1, 2], [1, -100]), ([], []), ([1, 2, 3], [1, -100, 3])])
  func `a row with nothing to learn is none`(ids: [Int32], labels: [Int32]) {
    #expect(TrainingRow(ids: ids, labels: labels, line: 1, limit: 2) == nil)
  }

  @Test func `weights move with their labels, and 0 means not learned`() throws {
    let row = try #require(
      TrainingRow(ids: [1, 2, 3, 4], labels: [1, 2, 3, 4], weights: [9, 0.5, 0, 2], line: 1))
    #expect(row.targets == [2, skip, 4])
    #expect(row.weights == [0.5, 0, 2])
    #expect(row.weightSum == 2.5 && row.trainedTokens == 2)
  }
}
