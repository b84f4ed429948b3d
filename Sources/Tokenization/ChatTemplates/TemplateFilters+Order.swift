// Filters that compare: sorting, grouping, extremes. Text is compared without regard to case unless asked.

import SafeIO

extension TemplateFilters {
  static func sort(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    let keys = try keys(call.argument(2, "attribute"), call)
    let isExact = call.flag(1, "case_sensitive")
    let items = try sorted(
      try call.evaluator.items(of: value), isReversed: call.flag(0, "reverse"), call
    ) { item throws(Failure) in
      var values: [TemplateValue] = []
      for key in keys { values.append(try folded(key.value(of: item, call.evaluator), isExact, call)) }
      return values
    }
    return try call.evaluator.list(items)
  }

  /// The attributes to sort by, of which there may be several between commas; the value itself when none is given.
  private static func keys(_ value: TemplateValue?, _ call: TemplateCall) throws(Failure) -> [TemplatePath] {
    guard let text = value?.textValue else { return [try path(value, call) ?? TemplatePath(parts: [])] }
    var keys: [TemplatePath] = []
    for part in TemplateText.split(text, by: ",") {
      if let key = try path(.string(part), call) { keys.append(key) }
    }
    return keys
  }

  private static func folded(
    _ value: TemplateValue, _ isExact: Bool, _ call: TemplateCall
  ) throws(Failure) -> TemplateValue {
    guard !isExact, let text = value.textValue else { return value }
    return try call.evaluator.text(TemplateText.lowercased(text))
  }

  /// Items in the order of their keys; equal ones keep their order.
  ///
  /// Merging rather than the library's sort, since a
  /// comparison may throw.
  private static func sorted(
    _ items: [TemplateValue], isReversed: Bool, _ call: TemplateCall,
    by key: (TemplateValue) throws(Failure) -> [TemplateValue]
  ) throws(Failure) -> [TemplateValue] {
    var runs: [[(key: [TemplateValue], item: TemplateValue)]] = []
    for item in items { runs.append([(try key(item), item)]) }
    while runs.count > 1 {
      var merged: [[(key: [TemplateValue], item: TemplateValue)]] = []
      for index in stride(from: 0, to: runs.count, by: 2) {
        guard index + 1 < runs.count else {
          merged.append(runs[index])
          continue
        }
        let (left, right) = (runs[index], runs[index + 1])
        var run: [(key: [TemplateValue], item: TemplateValue)] = []
        var (first, second) = (0, 0)
        while first < left.count, second < right.count {
          let takesRight =
            isReversed
            ? try precedes(left[first].key, right[second].key, call)
            : try precedes(right[second].key, left[first].key, call)
          run.append(takesRight ? right[second] : left[first])
          if takesRight { second += 1 } else { first += 1 }
        }
        merged.append(run + left[first...] + right[second...])
      }
      runs = merged
    }
    return runs.first?.map(\.item) ?? []
  }

  private static func precedes(
    _ left: [TemplateValue], _ right: [TemplateValue], _ call: TemplateCall
  ) throws(Failure) -> Bool {
    for (one, other) in zip(left, right) where try !call.evaluator.equal(one, other) {
      return try call.evaluator.precedes(one, other)
    }
    return false
  }

  static func sortedMapping(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    guard case .mapping(let mapping) = value else {
      throw call.failure("dictsort needs a mapping, not \(value.typeName)")
    }
    let isExact = call.flag(0, "case_sensitive")
    let part = try call.text(1, "by") ?? "key"
    guard part == "key" || part == "value" else {
      throw call.failure("You can only sort by either \"key\" or \"value\"")
    }
    let pairs = try TemplateMethods.pairs(mapping, call.evaluator)
    let place = TemplateValue.integer(part == "key" ? 0 : 1)
    let items = try sorted(pairs, isReversed: call.flag(2, "reverse"), call) { pair throws(Failure) in
      [try folded(call.evaluator.item(place, of: pair), isExact, call)]
    }
    return try call.evaluator.list(items)
  }

  static func groups(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    guard let key = try path(try call.required(0, "attribute"), call) else {
      throw call.failure("groupby needs an attribute")
    }
    let isExact = call.flag(2, "case_sensitive")
    let initial = call.argument(1, "default")
    let keyOf = { (item: TemplateValue) throws(Failure) -> TemplateValue in
      try key.value(of: item, call.evaluator, initial: initial)
    }
    let all = try call.evaluator.items(of: value)
    let items = try sorted(all, isReversed: false, call) { item throws(Failure) in
      let key = try keyOf(item)
      // Nothing is before or behind what is not there.
      if all.count > 1 { try call.evaluator.checkDefined(key) }
      return [try folded(key, isExact, call)]
    }
    var results: [TemplateValue] = []
    var start = 0
    while start < items.count {
      // A group goes by the key of its first item.
      let key = try keyOf(items[start])
      let same = try folded(key, isExact, call)
      var end = start + 1
      while end < items.count, try call.evaluator.equal(same, folded(keyOf(items[end]), isExact, call)) {
        end += 1
      }
      let group = try call.evaluator.list(Array(items[start..<end]))
      results.append(try call.evaluator.list([key, group], .named(["grouper", "list"])))
      start = end
    }
    return try call.evaluator.list(results)
  }

  static func unique(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    let isExact = call.flag(0, "case_sensitive")
    let attribute = try path(call.argument(1, "attribute"), call)
    var seen: Set<TemplateKey> = []
    var results: [TemplateValue] = []
    for item in try call.evaluator.items(of: value) {
      let key = try folded(attribute?.value(of: item, call.evaluator) ?? item, isExact, call)
      if seen.insert(try call.evaluator.key(key)).inserted { results.append(item) }
    }
    return try call.evaluator.list(results, .generator)
  }

  static func extreme(
    _ value: TemplateValue, _ call: TemplateCall, isMaximum: Bool
  ) throws(Failure) -> TemplateValue {
    let isExact = call.flag(0, "case_sensitive")
    let attribute = try path(call.argument(1, "attribute"), call)
    var best: (key: TemplateValue, item: TemplateValue)?
    for item in try call.evaluator.items(of: value) {
      let key = try folded(attribute?.value(of: item, call.evaluator) ?? item, isExact, call)
      if let current = best {
        let isBetter =
          isMaximum
          ? try call.evaluator.precedes(current.key, key) : try call.evaluator.precedes(key, current.key)
        guard isBetter else { continue }
      }
      best = (key, item)
    }
    return best?.item ?? .undefined("No aggregated item, sequence was empty.")
  }
}
