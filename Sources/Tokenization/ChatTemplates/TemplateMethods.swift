// Methods of texts, lists and mappings, as Python has them: a table for each type.

import SafeIO

/// The methods of values.
enum TemplateMethods {
  private typealias TextMethod = @Sendable (String, TemplateCall) throws(Failure) -> TemplateValue
  private typealias ListMethod = @Sendable (TemplateList, TemplateCall) throws(Failure) -> TemplateValue
  private typealias MappingMethod = @Sendable (TemplateMapping, TemplateCall) throws(Failure) -> TemplateValue

  private static let ofTexts: [String: TextMethod] = [
    "capitalize": { (text, call) throws(Failure) in try call.evaluator.text(TemplateText.capitalized(text)) },
    "count": { (text, call) throws(Failure) in .integer(try count(text, call)) },
    "endswith": { (text, call) throws(Failure) in
      .bool(try affixes(of: text, call).contains { Array(text.utf8.suffix($0.utf8.count)) == Array($0.utf8) })
    },
    "find": { (text, call) throws(Failure) in .integer(try find(text, call) ?? -1) },
    "format": { (text, call) throws(Failure) in try call.evaluator.filled(text, call) },
    "index": index,
    "isalpha": { (text, _) in .bool(all(text) { $0.isAlphabetic }) },
    "isdigit": { (text, _) in .bool(all(text) { $0.numericType == .decimal || $0.numericType == .digit }) },
    "islower": { (text, _) in .bool(all(text, cased: true) { $0.isLowercase }) },
    "isspace": { (text, _) in .bool(!text.isEmpty && text.unicodeScalars.allSatisfy(TemplateText.isSpace)) },
    "isupper": { (text, _) in .bool(all(text, cased: true) { $0.isUppercase }) },
    "join": join,
    "lower": { (text, call) throws(Failure) in try call.evaluator.text(text.lowercased()) },
    "lstrip": { (text, call) throws(Failure) in try strip(text, call, leading: true, trailing: false) },
    "removeprefix": { (text, call) throws(Failure) in
      let prefix = try call.required(0, "prefix").textValue ?? ""
      let isThere = text.utf8.starts(with: prefix.utf8)
      return .string(isThere ? String(decoding: text.utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : text)
    },
    "removesuffix": { (text, call) throws(Failure) in
      let suffix = try call.required(0, "suffix").textValue ?? ""
      let isThere = text.utf8.reversed().starts(with: suffix.utf8.reversed())
      return .string(isThere ? String(decoding: text.utf8.dropLast(suffix.utf8.count), as: UTF8.self) : text)
    },
    "replace": replace,
    "rsplit": { (text, call) throws(Failure) in try split(text, call, fromRight: true) },
    "rstrip": { (text, call) throws(Failure) in try strip(text, call, leading: false, trailing: true) },
    "split": { (text, call) throws(Failure) in try split(text, call, fromRight: false) },
    "splitlines": { (text, call) throws(Failure) in
      let lines = TemplateText.lines(text, keepingEnds: call.flag(0, "keepends"))
      return try call.evaluator.list(lines.map { .string($0) })
    },
    "startswith": { (text, call) throws(Failure) in
      .bool(try affixes(of: text, call).contains { text.utf8.starts(with: $0.utf8) })
    },
    "strip": { (text, call) throws(Failure) in try strip(text, call, leading: true, trailing: true) },
    "title": { (text, call) throws(Failure) in try call.evaluator.text(TemplateText.titled(text)) },
    "upper": { (text, call) throws(Failure) in try call.evaluator.text(text.uppercased()) },
  ]

  private static let ofLists: [String: ListMethod] = [
    "append": { (list, call) throws(Failure) in try extend(list, [call.required(0, "object")], call) },
    "count": { (list, call) throws(Failure) in
      var count = 0
      for item in list.items where try call.evaluator.equal(item, call.required(0, "value")) { count += 1 }
      return .integer(count)
    },
    "extend": { (list, call) throws(Failure) in
      try extend(list, call.evaluator.items(of: call.required(0, "iterable")), call)
    },
    "index": { (list, call) throws(Failure) in
      for (index, item) in list.items.enumerated()
      where try call.evaluator.equal(item, call.required(0, "value")) {
        return .integer(index)
      }
      throw call.failure("the value is not in the list")
    },
    "pop": { (list, call) throws(Failure) in
      let index = try call.integer(0, "index") ?? -1
      let place = index < 0 ? index + list.items.count : index
      guard list.items.indices.contains(place) else { throw call.failure("pop index out of range") }
      try call.evaluator.spend(list.items.count)
      return list.items.remove(at: place)
    },
  ]

  private static let ofMappings: [String: MappingMethod] = [
    "copy": { (mapping, call) throws(Failure) in
      let copy = try call.evaluator.makeMapping()
      try TemplateGlobals.update(copy, with: .mapping(mapping), call)
      return .mapping(copy)
    },
    "get": { (mapping, call) throws(Failure) in
      let key = try call.evaluator.key(try call.required(0, "key"))
      return mapping[key] ?? call.argument(1, "default") ?? .none
    },
    "items": { (mapping, call) throws(Failure) in
      try call.evaluator.list(try pairs(mapping, call.evaluator), .view("dict_items"))
    },
    "keys": { (mapping, call) throws(Failure) in
      try call.evaluator.list(mapping.keys, .view("dict_keys"))
    },
    "pop": { (mapping, call) throws(Failure) in
      try call.evaluator.spend(mapping.count)
      if let value = mapping.remove(try call.evaluator.key(try call.required(0, "key"))) { return value }
      guard let other = call.argument(1, "default") else { throw call.failure("pop: the key is not there") }
      return other
    },
    "setdefault": { (mapping, call) throws(Failure) in
      let name = try call.required(0, "key")
      let key = try call.evaluator.key(name)
      let value = mapping[key] ?? call.argument(1, "default") ?? .none
      mapping.set(key, name, to: value)
      return value
    },
    "update": { (mapping, call) throws(Failure) in
      if let source = call.positional.first { try TemplateGlobals.update(mapping, with: source, call) }
      for (name, value) in call.named { mapping.set(name, to: value) }
      return .none
    },
    "values": { (mapping, call) throws(Failure) in
      try call.evaluator.list(mapping.values, .view("dict_values"))
    },
  ]

  /// The method of a value, bound to it; nil when its type has none of that name.
  static func method(_ name: String, of value: TemplateValue) -> TemplateValue? {
    switch value {
    case .string(let text): return bound(name, ofTexts, text)
    case .mapping(let mapping): return bound(name, ofMappings, mapping)
    case .list(let list) where list.isTuple && (name == "count" || name == "index"),
      .list(let list) where list.kind == .list:
      return bound(name, ofLists, list)
    default: return nil
    }
  }

  private static func bound<Receiver>(
    _ name: String, _ table: [String: @Sendable (Receiver, TemplateCall) throws(Failure) -> TemplateValue],
    _ receiver: Receiver
  ) -> TemplateValue? {
    guard let method = table[name] else { return nil }
    return .function(
      TemplateFunction(name) { call throws(Failure) in
        let operand = (receiver as? String).map { TemplateValue.string($0) }
        try call.evaluator.spend(on: operand ?? .none, call, share: 2)
        return try method(receiver, call)
      })
  }

  /// Keys and values as tuples.
  static func pairs(
    _ mapping: TemplateMapping, _ evaluator: TemplateEvaluator
  ) throws(Failure) -> [TemplateValue] {
    var pairs: [TemplateValue] = []
    for (key, value) in zip(mapping.keys, mapping.values) {
      pairs.append(try evaluator.list([key, value], .tuple))
    }
    return pairs
  }

  private static func extend(
    _ list: TemplateList, _ items: [TemplateValue], _ call: TemplateCall
  ) throws(Failure) -> TemplateValue {
    guard list.items.count + items.count <= TemplateEvaluator.maximumItems else {
      throw call.failure("makes a list of more than \(TemplateEvaluator.maximumItems) items")
    }
    list.items += items
    return .none
  }

  private static func all(
    _ text: String, cased: Bool = false, _ test: (Unicode.Scalar.Properties) -> Bool
  ) -> Bool {
    let scalars = text.unicodeScalars.filter { !cased || $0.properties.isCased }
    return !scalars.isEmpty && scalars.allSatisfy { test($0.properties) }
  }

  /// A prefix or suffix, or a tuple of them.
  private static func affixes(of text: String, _ call: TemplateCall) throws(Failure) -> [String] {
    let value = try call.required(0, "prefix")
    if case .list(let list) = value, list.isTuple {
      let affixes = list.items.compactMap(\.textValue)
      for affix in affixes { try call.evaluator.spend(1 + min(affix.utf8.count, text.utf8.count) >> 4) }
      return affixes
    }
    guard let text = value.textValue else {
      throw call.failure("first arg must be str or a tuple of str, not \(value.typeName)")
    }
    return [text]
  }

  private static func part(_ call: TemplateCall) throws(Failure) -> [UInt8] {
    let value = try call.required(0, "sub")
    guard let text = value.textValue else { throw call.failure("must be str, not \(value.typeName)") }
    return Array(text.utf8)
  }

  private static func find(_ text: String, _ call: TemplateCall) throws(Failure) -> Int? {
    let bytes = Array(text.utf8)
    let place = ByteSearch(try part(call)).first(in: bytes, 0..<bytes.count)
    return place.map { UTF8Text.count(in: bytes, 0..<$0.lowerBound) }
  }

  private static func index(_ text: String, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    guard let place = try find(text, call) else { throw call.failure("substring not found") }
    return .integer(place)
  }

  private static func count(_ text: String, _ call: TemplateCall) throws(Failure) -> Int {
    let part = try part(call)
    if part.isEmpty { return text.unicodeScalars.count + 1 }
    return TemplateText.split(text, by: String(decoding: part, as: UTF8.self)).count - 1
  }

  private static func strip(
    _ text: String, _ call: TemplateCall, leading: Bool, trailing: Bool
  ) throws(Failure) -> TemplateValue {
    .string(TemplateText.strip(text, try call.text(0, "chars"), leading: leading, trailing: trailing))
  }

  private static func split(
    _ text: String, _ call: TemplateCall, fromRight: Bool
  ) throws(Failure) -> TemplateValue {
    let limit = try call.integer(1, "maxsplit").map { $0 < 0 ? .max : $0 } ?? .max
    guard let separator = try call.text(0, "sep") else {
      let words = fromRight ? wordsFromRight(text, limit: limit) : TemplateText.words(text, limit: limit)
      return try call.evaluator.list(words.map { .string($0) })
    }
    guard !separator.isEmpty else { throw call.failure("empty separator") }
    let pieces =
      fromRight
      ? TemplateText.splitFromRight(text, by: separator, limit: limit)
      : TemplateText.split(text, by: separator, limit: limit)
    return try call.evaluator.list(pieces.map { .string($0) })
  }

  private static func wordsFromRight(_ text: String, limit: Int) -> [String] {
    let reversed = { (text: String) -> String in
      String(String.UnicodeScalarView(text.unicodeScalars.reversed()))
    }
    return TemplateText.words(reversed(text), limit: limit).map(reversed).reversed()
  }

  private static func replace(_ text: String, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    let (old, new) = (try call.required(0, "old"), try call.required(1, "new"))
    guard let old = old.textValue, let new = new.textValue else {
      throw call.failure("replace() arguments must be str")
    }
    return try call.evaluator.replaced(text, old, new, limit: try call.integer(2, "count"))
  }

  private static func join(_ text: String, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    var result = ""
    for (index, item) in try call.evaluator.items(of: try call.required(0, "iterable")).enumerated() {
      guard let piece = item.textValue else {
        throw call.failure("sequence item \(index): expected str instance, \(item.typeName) found")
      }
      try call.evaluator.append((index > 0 ? text : "") + piece, to: &result)
    }
    return .string(result)
  }
}

extension TemplateEvaluator {
  /// `text` with `old` replaced; a result that would be too long is not even made.
  func replaced(_ text: String, _ old: String, _ new: String, limit: Int?) throws(Failure) -> TemplateValue {
    let limit = limit.map { $0 < 0 ? .max : $0 } ?? .max
    let places =
      old.isEmpty ? text.unicodeScalars.count + 1 : TemplateText.split(text, by: old, limit: limit).count - 1
    let growth = new.utf8.count - old.utf8.count
    if growth > 0 {
      guard min(places, limit) <= Self.maximumText / growth else {
        throw failure("makes a text of more than \(Self.maximumText) bytes")
      }
    }
    return try self.text(TemplateText.replace(text, old, with: new, limit: limit))
  }
}
