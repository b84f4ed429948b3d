import FineTuning
import Testing

/// Learning rates against the formulas of transformers and the rates that the reference runs recorded.
@Suite struct ScheduleTests {
  @Test func `cosine with a warm-up gives the rates of the reference runs`() {
    let schedule = LearningRateSchedule(kind: .cosine, peak: 1e-3, warmupSteps: 4, totalSteps: 20)
    // goldens/lora/tiny-llama-lora/golden.json
    let expected: [Int: Double] = [
      0: 0, 1: 0.00025, 3: 0.00075, 4: 0.001, 5: 0.0009903926402016153, 8: 0.0008535533905932737, 12: 0.0005,
      13: 0.00040245483899193594,
    ]
    for (step, rate) in expected { #expect(abs(schedule.rate(at: step) - rate) < 1e-18) }
  }

  @Test func `linear falls to 0 where the run ends`() {
    let schedule = LearningRateSchedule(kind: .linear, peak: 2, warmupSteps: 2, totalSteps: 6)
    #expect((0...6).map { schedule.rate(at: $0) } == [0, 1, 2, 1.5, 1, 0.5, 0])
  }

  @Test func `constant without a warm-up starts at its peak`() {
    let schedule = LearningRateSchedule(kind: .constant, peak: 0.5, warmupSteps: 0, totalSteps: 3)
    #expect((0...2).map { schedule.rate(at: $0) } == [0.5, 0.5, 0.5])
  }

  @Test func `a warm-up longer than the run only rises`() {
    let schedule = LearningRateSchedule(kind: .cosine, peak: 1, warmupSteps: 10, totalSteps: 5)
    #expect((0..<5).map { schedule.rate(at: $0) } == [0, 0.1, 0.2, 0.3, 0.4])
  }
}
