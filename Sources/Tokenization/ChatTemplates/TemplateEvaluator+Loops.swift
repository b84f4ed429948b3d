// `for`: its items, its own names, and what `loop` tells about it.

import SafeIO

/// What `loop` is within a loop.
final class TemplateLoop: TemplateObject, TemplateHolder {
  private(set) var items: [TemplateValue]
  let depth: Int
  /// Runs the loop again for other items, when it is recursive.
  let again: TemplateFunction?
  var index = 0
  /// What `changed` saw last.
  var seen: [TemplateValue]?

  init(_ items: [TemplateValue], depth: Int, again: TemplateFunction?) {
    self.items = items
    self.depth = depth
    self.again = again
  }

  var typeName: String { "LoopContext" }

  func release() {
    items = []
    seen = nil
  }

  func attribute(_ name: String) -> TemplateValue? {
    switch name {
    case "index": .integer(index + 1)
    case "index0": .integer(index)
    case "revindex": .integer(items.count - index)
    case "revindex0": .integer(items.count - index - 1)
    case "first": .bool(index == 0)
    case "last": .bool(index == items.count - 1)
    case "length": .integer(items.count)
    case "depth": .integer(depth)
    case "depth0": .integer(depth - 1)
    case "previtem": index > 0 ? items[index - 1] : .undefined("there is no previous item")
    case "nextitem": index + 1 < items.count ? items[index + 1] : .undefined("there is no next item")
    case "cycle":
      .function(TemplateFunction("cycle") { [unowned self] call throws(Failure) in try self.cycle(call) })
    case "changed":
      .function(TemplateFunction("changed") { [unowned self] call throws(Failure) in try self.changed(call) })
    default: nil
    }
  }

  private func cycle(_ call: TemplateCall) throws(Failure) -> TemplateValue {
    guard !call.positional.isEmpty else { throw call.failure("no items for cycling given") }
    return call.positional[index % call.positional.count]
  }

  private func changed(_ call: TemplateCall) throws(Failure) -> TemplateValue {
    var isSame = seen?.count == call.positional.count
    for (old, new) in zip(seen ?? [], call.positional) where isSame {
      isSame = try call.evaluator.equal(old, new)
    }
    seen = call.positional
    return .bool(!isSame)
  }
}

extension TemplateEvaluator {
  func run(
    _ loop: TemplateLoopStatement, in scope: TemplateScope, to output: inout String
  ) throws(Failure) {
    let source = try evaluate(loop.source, scope)
    try run(loop, over: source, depth: 1, in: scope, to: &output)
  }

  private func run(
    _ loop: TemplateLoopStatement, over source: TemplateValue, depth: Int, in scope: TemplateScope,
    to output: inout String
  ) throws(Failure) {
    try enter()
    defer { leave() }
    var items = try items(of: source)
    if let test = loop.test {
      var passing: [TemplateValue] = []
      for item in items {
        try spend()
        let inner = TemplateScope(in: scope)
        try assign(item, to: loop.target, in: inner)
        if try evaluate(test, inner).isTrue { passing.append(item) }
      }
      try hold(32 * passing.count)
      items = passing
    }
    guard !items.isEmpty else {
      _ = try run(loop.otherwise, in: TemplateScope(in: scope), to: &output)
      return
    }
    try spend(8 + items.count)
    let state = TemplateLoop(
      items, depth: depth, again: loop.isRecursive ? try again(loop, depth: depth, in: scope) : nil)
    try keep(state)
    for (index, item) in items.enumerated() {
      try spend()
      state.index = index
      let inner = TemplateScope(in: scope)
      inner["loop"] = .object(state)
      try assign(item, to: loop.target, in: inner)
      if try run(loop.body, in: inner, to: &output) == .breaking { return }
    }
  }

  private func again(
    _ loop: TemplateLoopStatement, depth: Int, in scope: TemplateScope
  ) throws(Failure) -> TemplateFunction {
    try keep(scope)
    return TemplateFunction("loop") { [unowned self] call throws(Failure) in
      var text = ""
      let source = try call.required(0, "iterable")
      try self.run(loop, over: source, depth: depth + 1, in: scope, to: &text)
      return .string(text)
    }
  }

  /// What a value gives when it is iterated; a generator is empty afterwards.
  func items(of value: TemplateValue) throws(Failure) -> [TemplateValue] {
    switch value {
    case .undefined: return []
    case .list(let list):
      try spend(list.items.count)
      guard list.kind == .generator else { return list.items }
      let items = list.items
      list.items = []
      return items
    case .mapping(let mapping):
      try spend(mapping.count)
      return mapping.keys
    case .string(let text), .markup(let text):
      try spend(text.utf8.count)
      try checkItems(text.unicodeScalars.count)
      try hold(32 * text.unicodeScalars.count)
      return text.unicodeScalars.map { .string(String($0)) }
    case .object(let object):
      guard let loop = object as? TemplateLoop else { break }
      try spend(loop.items.count)
      return loop.items
    default: break
    }
    throw failure("'\(value.typeName)' object is not iterable")
  }
}
