// How a library says how far it is. What is drawn, and where, is the command's business.

/// Receives the progress of one long piece of work at a time.
package protocol ProgressReporting: AnyObject {
  /// Work of `total` units starts.
  func begin(_ label: String, total: Int)
  /// `done` units are finished; `detail` is a short text such as a rate or a loss.
  func advance(to done: Int, detail: String)
  /// The work ended; `summary` replaces the bar when given.
  func end(summary: String?)
}
