// The filters: a table of names. A new one is a row and a function.

import SafeIO

/// What can stand behind `|`.
enum TemplateFilters {
  typealias Filter = @Sendable (TemplateValue, TemplateCall) throws(Failure) -> TemplateValue

  static let table: [String: Filter] = [
    "abs": absolute,
    "attr": { (value, call) throws(Failure) in
      try call.evaluator.checkDefined(value)
      let name = try call.requiredText(0, "name")
      return call.evaluator.ownAttribute(name, of: value)
        ?? .undefined("'\(value.description)' has no attribute '\(name)'")
    },
    "batch": batch,
    "capitalize": method("capitalize"),
    "center": { (value, call) throws(Failure) in
      var call = call
      call.positional = [call.argument(0, "width") ?? .integer(80)]
      call.named = []
      return try method("center")(value, call)
    },
    "count": length,
    "d": initial,
    "default": initial,
    "dictsort": sortedMapping,
    "e": escape,
    "escape": escape,
    "filesizeformat": fileSize,
    "first": first,
    "float": float,
    "forceescape": { (value, call) throws(Failure) in
      .markup(try call.evaluator.escaped(try call.evaluator.string(value)))
    },
    "format": format,
    "groupby": groups,
    "indent": indent,
    "int": integer,
    "items": items,
    "join": join,
    "last": last,
    "length": length,
    "list": { (value, call) throws(Failure) in try call.evaluator.list(try call.evaluator.items(of: value)) },
    "lower": method("lower"),
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
    "safe": { (value, call) throws(Failure) in .markup(try call.evaluator.string(value)) },
    "select": { (value, call) throws(Failure) in try select(value, call, keeps: true) },
    "selectattr": { (value, call) throws(Failure) in try select(value, call, keeps: true, byAttribute: true)
    },
    "slice": slices,
    "sort": sort,
    "string": { (value, call) throws(Failure) in
      value.marking(.string(try call.evaluator.string(value)))
    },
    "sum": sum,
    "title": { (value, call) throws(Failure) in
      try call.evaluator.text(TemplateText.titledWords(try call.evaluator.string(value)))
    },
    "tojson": TemplateJSONWriter.filter,
    "trim": method("strip"),
    "truncate": truncate,
    "unique": unique,
    "upper": method("upper"),
    "urlencode": urlEncode,
    "wordcount": { (value, call) throws(Failure) in
      let scalars = try call.evaluator.string(value).unicodeScalars
      return .integer(
        scalars.split { !TemplateWrapping.isWord($0) }.count)
    },
    "wordwrap": TemplateWrapping.filter,
    "xmlattr": attributes,
  ]

  /// Why filters of Jinja are missing.
  static let refused = [
    "random": "a template gives the same text every time",
    "striptags": "a chat template writes no HTML",
    "urlize": "a chat template writes no HTML",
  ]

  /// A filter that does to the text of any value what a method does.
  private static func method(_ name: String) -> Filter {
    { (value, call) throws(Failure) in
      guard let method = TemplateMethods.ofTexts[name] else { return value }
      return value.marking(try method(try call.evaluator.string(value), call))
    }
  }

  private static func format(_ value: TemplateValue, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    var values = try call.evaluator.list(call.positional, .tuple)
    if !call.named.isEmpty {
      guard call.positional.isEmpty else {
        throw call.failure("can't handle positional and keyword arguments at the same time")
      }
      let mapping = try call.evaluator.makeMapping()
      for (name, value) in call.named { try call.evaluator.set(.string(name), to: value, in: mapping) }
      values = .mapping(mapping)
    }
    return try call.evaluator.formatted(
      try call.evaluator.string(value), with: values, isMarked: value.isMarked)
  }
}

extension TemplateEvaluator {
  func apply(
    filter name: String, to value: TemplateValue, _ call: TemplateCall
  ) throws(Failure) -> TemplateValue {
    guard let filter = TemplateFilters.table[name] else {
      let reason = TemplateFilters.refused[name].map { ", \($0)" }
      throw failure(
        reason.map { "the filter '\(name)' is not available\($0)" } ?? "No filter named '\(name)'.")
    }
    // `map` applies a filter in its turn.
    try enter()
    defer { leave() }
    try spend(on: value, call, name)
    return try filter(value, call)
  }
}
