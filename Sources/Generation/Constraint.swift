// What narrows the choice of the next token, so that the finished text has a form.

import SafeIO

/// Decides at each step which tokens may follow, knowing how many more there will be.
package protocol Constraint: AnyObject {
  /// The tokens that may come next when `remaining` tokens, this one included, may still be generated. Never empty
  /// as long as the text is not final and `remaining` was obeyed from the start.
  ///
  /// Throws `.usage` when no text of the required form has so few tokens.
  func allowed(remaining: Int) throws(Failure) -> TokenMask

  /// Takes `id`, one of the allowed tokens, and returns the bytes it adds to the text.
  func advance(_ id: Int32) -> [UInt8]

  /// Whether the text so far is a whole.
  var isComplete: Bool { get }

  /// Whether nothing can be added.
  var isFinal: Bool { get }
}
