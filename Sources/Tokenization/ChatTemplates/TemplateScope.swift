// Names and their values. Loops, macros and blocks have names of their own; `if` has not.

/// The names of one block, within those around it.
final class TemplateScope: TemplateHolder {
  let parent: TemplateScope?
  private var values: [String: TemplateValue] = [:]

  init(in parent: TemplateScope?) { self.parent = parent }

  func release() { values = [:] }

  /// The names of the whole template.
  var root: TemplateScope {
    var scope = self
    while let parent = scope.parent { scope = parent }
    return scope
  }

  subscript(name: String) -> TemplateValue? {
    get {
      var scope: TemplateScope? = self
      while let current = scope {
        if let value = current.values[name] { return value }
        scope = current.parent
      }
      return nil
    }
    set { values[name] = newValue }
  }
}
