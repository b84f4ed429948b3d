// A progress bar on standard error. It appears when the work has lasted for more than a second, and is redrawn ten
// times a second; where standard error is no terminal, a line appears every ten seconds instead.

import SafeIO

/// Draws progress on standard error.
final class ConsoleProgress: ProgressReporting {
  private var label = ""
  private var total = 0
  private var start = ContinuousClock.now
  private var lastDrawn = ContinuousClock.now
  private var isDrawn = false

  func begin(_ label: String, total: Int) {
    self.label = Console.clean(label)
    self.total = total
    start = .now
    lastDrawn = start
    isDrawn = false
  }

  func advance(to done: Int, detail: String) {
    let now = ContinuousClock.now
    let interval: Duration = Console.isInteractive ? .milliseconds(100) : .seconds(10)
    guard now - start > .seconds(1), now - lastDrawn > interval || !isDrawn && Console.isInteractive else {
      return
    }
    lastDrawn = now
    isDrawn = true
    let share = total > 0 ? min(1, Double(done) / Double(total)) : 0
    let elapsed = (now - start) / .seconds(1)
    let left = share > 0 ? ", \(Words.seconds(elapsed / share - elapsed)) left" : ""
    let percent = "\(Words.fixed(share * 100, 0)) %"
    let extra = detail.isEmpty ? "" : "  \(detail)"
    if Console.isInteractive {
      let filled = Int(share * 24)
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
      Console.draw("\r\u{1b}[K\(label) \(bar) \(percent)\(Console.clean(extra))\(left)")
    } else {
      Console.note("\(label): \(percent)\(extra)\(left)")
    }
  }

  func end(summary: String?) {
    if isDrawn && Console.isInteractive { Console.draw("\r\u{1b}[K") }
    if let summary { Console.note(summary) }
    isDrawn = false
  }
}
