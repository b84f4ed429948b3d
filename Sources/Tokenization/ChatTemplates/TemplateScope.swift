// Names and their values. Loops, macros and blocks have names of their own; `if` has not.

/// The names of one block, within those around it.
final class TemplateScope: TemplateHolder {
  let parent: TemplateScope?
  private var values: [String: TemplateValue] = [:]

  init(in parent: TemplateScope?) { self.parent = parent }

  func release() { values = [:] }

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
