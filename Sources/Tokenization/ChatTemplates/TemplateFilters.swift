// The filters: a table of names. A new one is a row and a function.

import SafeIO

/// What can stand behind `|`.
enum TemplateFilters {
  typealias Filter = @Sendable (TemplateValue, TemplateCall) throws(Failure) -> TemplateValue

  static let table: [String: Filter] = [
    "abs": absolute,
    "attr": { (value, call) throws(Failure) in
      try call.evaluator.attribute(try call.text(0, "name") ?? "", of: value)
    },
    "batch": batch,
    "capitalize": { (value, call) throws(Failure) in
      try call.evaluator.text(TemplateText.capitalized(try call.evaluator.string(value)))
    },
    "center": center,
    "count": length,
    "d": initial,
    "default": initial,
    "dictsort": sortedMapping,
    "e": escape,
    "escape": escape,
    "first": first,
    "float": float,
    "forceescape": escape,
    "format": { (value, call) throws(Failure) in
      try call.evaluator.formatted(try call.evaluator.string(value), call.positional, nil)
    },
    "groupby": groups,
    "indent": indent,
    "int": integer,
    "items": items,
    "join": join,
    "last": last,
    "length": length,
    "list": { (value, call) throws(Failure) in try call.evaluator.list(try call.evaluator.items(of: value)) },
    "lower": { (value, call) throws(Failure) in
      try call.evaluator.text(try call.evaluator.string(value).lowercased())
    },
    "map": map,
    "max": { (value, call) throws(Failure) in try extreme(value, call, isMaximum: true) },
    "min": { (value, call) throws(Failure) in try extreme(value, call, isMaximum: false) },
    "pprint": { (value, call) throws(Failure) in .string(try call.evaluator.literal(value)) },
    "reject": { (value, call) throws(Failure) in try select(value, call, keeps: false) },
    "rejectattr": { (value, call) throws(Failure) in try select(value, call, keeps: false, byAttribute: true)
    },
    "replace": { (value, call) throws(Failure) in
      try call.evaluator.replaced(
        try call.evaluator.string(value), try call.evaluator.string(try call.required(0, "old")),
        try call.evaluator.string(try call.required(1, "new")), limit: try call.integer(2, "count"))
    },
    "reverse": reverse,
    "round": round,
    "safe": { (value, call) throws(Failure) in .string(try call.evaluator.string(value)) },
    "select": { (value, call) throws(Failure) in try select(value, call, keeps: true) },
    "selectattr": { (value, call) throws(Failure) in try select(value, call, keeps: true, byAttribute: true)
    },
    "slice": slices,
    "sort": sort,
    "string": { (value, call) throws(Failure) in .string(try call.evaluator.string(value)) },
    "sum": sum,
    "title": { (value, call) throws(Failure) in
      try call.evaluator.text(TemplateText.titled(try call.evaluator.string(value), after: "-({[<"))
    },
    "tojson": TemplateJSONWriter.filter,
    "trim": { (value, call) throws(Failure) in
      .string(TemplateText.strip(try call.evaluator.string(value), try call.text(0, "chars")))
    },
    "truncate": truncate,
    "unique": unique,
    "upper": { (value, call) throws(Failure) in
      try call.evaluator.text(try call.evaluator.string(value).uppercased())
    },
    "urlencode": urlEncode,
    "wordcount": { (value, call) throws(Failure) in
      .integer(TemplateText.words(try call.evaluator.string(value)).count)
    },
  ]
}

extension TemplateEvaluator {
  func apply(
    filter name: String, to value: TemplateValue, _ call: TemplateCall
  ) throws(Failure) -> TemplateValue {
    guard let filter = TemplateFilters.table[name] else { throw failure("No filter named '\(name)'.") }
    // `map` applies a filter in its turn.
    try enter()
    defer { leave() }
    try spend(on: value, call, share: 2)
    return try filter(value, call)
  }
}
