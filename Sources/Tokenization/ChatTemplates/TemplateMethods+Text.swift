// Methods of texts. Places in a text are counted in code points.

import SafeIO

extension TemplateMethods {
  static let ofTexts: [String: TextMethod] = [
    "capitalize": { (text, call) throws(Failure) in try call.evaluator.text(TemplateText.capitalized(text)) },
    "casefold": { (text, call) throws(Failure) in
      try call.evaluator.text(TemplateText.lowercased(text.uppercased()))
    },
    "center": { (text, call) throws(Failure) in
      try padded(text, call) { missing, width in missing / 2 + (missing & width & 1) }
    },
    "count": { (text, call) throws(Failure) in .integer(try count(text, call)) },
    "endswith": { (text, call) throws(Failure) in
      .bool(try hasAffix(text, call, "endswith") { Array($0.suffix($1.count)) == $1 })
    },
    "expandtabs": expandTabs,
    "find": { (text, call) throws(Failure) in .integer(try find(text, call) ?? -1) },
    "format": { (text, call) throws(Failure) in try call.evaluator.filled(text, call) },
    "format_map": { (text, call) throws(Failure) in
      guard case .mapping(let mapping) = try call.required(0, "mapping") else {
        throw call.failure("format_map needs a mapping")
      }
      var filling = TemplateCall(call.evaluator)
      filling.named = zip(mapping.keys, mapping.values).map { ($0.textValue ?? "", $1) }
      return try call.evaluator.filled(text, filling)
    },
    "index": { (text, call) throws(Failure) in .integer(try found(try find(text, call), call)) },
    "isalnum": { (text, _) in
      .bool(all(text) { TemplateText.isLetter($0) || $0.properties.numericType != nil })
    },
    "isalpha": { (text, _) in .bool(all(text, TemplateText.isLetter)) },
    "isascii": { (text, _) in .bool(text.utf8.allSatisfy { $0 < 0x80 }) },
    "isdecimal": { (text, _) in .bool(all(text) { $0.properties.numericType == .decimal }) },
    "isdigit": { (text, _) in
      .bool(all(text) { [.decimal, .digit].contains($0.properties.numericType) })
    },
    "isidentifier": { (text, _) in .bool(TemplateText.isIdentifier(text)) },
    "islower": { (text, _) in .bool(allCased(text) { $0.isLowercase }) },
    "isnumeric": { (text, _) in .bool(all(text) { $0.properties.numericType != nil }) },
    "isprintable": { (text, _) in .bool(text.unicodeScalars.allSatisfy(TemplateText.isPrintable)) },
    "isspace": { (text, _) in .bool(all(text, TemplateText.isSpace)) },
    "istitle": { (text, _) in .bool(TemplateText.isTitled(text)) },
    "isupper": { (text, _) in .bool(allCased(text) { $0.isUppercase }) },
    "join": join,
    "ljust": { (text, call) throws(Failure) in try padded(text, call) { _, _ in 0 } },
    "lower": { (text, call) throws(Failure) in try call.evaluator.text(TemplateText.lowercased(text)) },
    "lstrip": { (text, call) throws(Failure) in try strip(text, call, leading: true, trailing: false) },
    "partition": { (text, call) throws(Failure) in try partition(text, call, fromRight: false) },
    "removeprefix": { (text, call) throws(Failure) in
      let prefix = try call.requiredText(0, "prefix")
      let isThere = text.utf8.starts(with: prefix.utf8)
      return .string(isThere ? String(decoding: text.utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : text)
    },
    "removesuffix": { (text, call) throws(Failure) in
      let suffix = try call.requiredText(0, "suffix")
      let isThere = text.utf8.reversed().starts(with: suffix.utf8.reversed())
      return .string(isThere ? String(decoding: text.utf8.dropLast(suffix.utf8.count), as: UTF8.self) : text)
    },
    "replace": { (text, call) throws(Failure) in
      try call.evaluator.replaced(
        text, call.requiredText(0, "old"), call.requiredText(1, "new"), limit: try call.integer(2, "count"))
    },
    "rfind": { (text, call) throws(Failure) in .integer(try find(text, call, fromRight: true) ?? -1) },
    "rindex": { (text, call) throws(Failure) in
      .integer(try found(try find(text, call, fromRight: true), call))
    },
    "rjust": { (text, call) throws(Failure) in try padded(text, call) { missing, _ in missing } },
    "rpartition": { (text, call) throws(Failure) in try partition(text, call, fromRight: true) },
    "rsplit": { (text, call) throws(Failure) in try split(text, call, fromRight: true) },
    "rstrip": { (text, call) throws(Failure) in try strip(text, call, leading: false, trailing: true) },
    "split": { (text, call) throws(Failure) in try split(text, call, fromRight: false) },
    "splitlines": { (text, call) throws(Failure) in
      try call.evaluator.list(
        TemplateText.lines(
          text, keepingEnds: call.flag(0, "keepends"), limit: TemplateEvaluator.maximumItems + 1))
    },
    "startswith": { (text, call) throws(Failure) in
      .bool(try hasAffix(text, call, "startswith") { $0.starts(with: $1) })
    },
    "strip": { (text, call) throws(Failure) in try strip(text, call, leading: true, trailing: true) },
    "swapcase": { (text, call) throws(Failure) in try call.evaluator.text(TemplateText.swappingCase(text)) },
    "title": { (text, call) throws(Failure) in try call.evaluator.text(TemplateText.titled(text)) },
    "upper": { (text, call) throws(Failure) in try call.evaluator.text(text.uppercased()) },
    "zfill": { (text, call) throws(Failure) in
      let width = try call.integer(0, "width") ?? 0
      let sign = text.utf8.first.map { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") } ?? false
      let missing = max(0, width - text.unicodeScalars.count)
      try call.evaluator.checkText(missing)
      let zeros = String(repeating: "0", count: missing)
      return .string(sign ? "\(text.prefix(1))\(zeros)\(text.dropFirst())" : zeros + text)
    },
  ]

  private static func all(_ text: String, _ test: (Unicode.Scalar) -> Bool) -> Bool {
    !text.isEmpty && text.unicodeScalars.allSatisfy(test)
  }

  private static func allCased(_ text: String, _ test: (Unicode.Scalar.Properties) -> Bool) -> Bool {
    let cased = text.unicodeScalars.lazy.map(\.properties).filter(\.isCased)
    return !cased.isEmpty && cased.allSatisfy(test)
  }

  // MARK: Searching

  /// The bytes of a text between the arguments `start` and `end`, and how many code points precede them; nil when they
  /// begin behind the end.
  private static func window(
    _ text: String, _ call: TemplateCall
  ) throws(Failure) -> (bytes: [UInt8], before: Int)? {
    let bytes = Array(text.utf8)
    guard call.positional.count > 1 || !call.named.isEmpty else { return (bytes, 0) }
    let scalars = text.unicodeScalars
    guard let range = try bounds(call, count: scalars.count) else { return nil }
    let start = scalars.index(scalars.startIndex, offsetBy: range.lowerBound)
    let end = scalars.index(start, offsetBy: range.count)
    return (Array(text.utf8[start..<end]), range.lowerBound)
  }

  private static func find(
    _ text: String, _ call: TemplateCall, fromRight: Bool = false
  ) throws(Failure) -> Int? {
    let part = Array(try call.requiredText(0, "sub").utf8)
    guard let (bytes, before) = try window(text, call), part.count <= bytes.count else { return nil }
    guard fromRight else {
      let place = ByteSearch(part).first(in: bytes, 0..<bytes.count)
      return place.map { before + UTF8Text.count(in: bytes, 0..<$0.lowerBound) }
    }
    let place = ByteSearch(part.reversed()).first(in: bytes.reversed(), 0..<bytes.count)
    return place.map { before + UTF8Text.count(in: bytes, 0..<(bytes.count - $0.upperBound)) }
  }

  private static func found(_ place: Int?, _ call: TemplateCall) throws(Failure) -> Int {
    guard let place else { throw call.failure("substring not found") }
    return place
  }

  private static func count(_ text: String, _ call: TemplateCall) throws(Failure) -> Int {
    let part = Array(try call.requiredText(0, "sub").utf8)
    guard let (bytes, _) = try window(text, call) else { return 0 }
    if part.isEmpty { return UTF8Text.count(in: bytes, 0..<bytes.count) + 1 }
    return TemplateText.count(part, in: bytes)
  }

  /// Whether a text begins or ends with the first argument, which may be a tuple of texts.
  private static func hasAffix(
    _ text: String, _ call: TemplateCall, _ name: String, _ test: ([UInt8], [UInt8]) -> Bool
  ) throws(Failure) -> Bool {
    let value = try call.required(0, "prefix")
    var affixes: [String] = []
    if let text = value.textValue {
      affixes = [text]
    } else if case .list(let list) = value, list.isTuple {
      affixes = list.items.compactMap(\.textValue)
    } else {
      throw call.failure("\(name) first arg must be str or a tuple of str, not \(value.typeName)")
    }
    guard let (bytes, _) = try window(text, call) else { return false }
    for affix in affixes {
      try call.evaluator.spend(1 + min(affix.utf8.count, bytes.count) >> 4)
      if affix.utf8.count <= bytes.count, test(bytes, Array(affix.utf8)) { return true }
    }
    return false
  }

  // MARK: Cutting and joining

  private static func strip(
    _ text: String, _ call: TemplateCall, leading: Bool, trailing: Bool
  ) throws(Failure) -> TemplateValue {
    try call.evaluator.text(
      TemplateText.strip(text, try call.text(0, "chars"), leading: leading, trailing: trailing))
  }

  private static func split(
    _ text: String, _ call: TemplateCall, fromRight: Bool
  ) throws(Failure) -> TemplateValue {
    // One piece more than a list may have fails.
    let most = TemplateEvaluator.maximumItems
    let limit = try call.integer(1, "maxsplit").map { $0 < 0 ? most : min($0, most) } ?? most
    guard let separator = try call.text(0, "sep") else {
      let words = fromRight ? wordsFromRight(text, limit: limit) : TemplateText.words(text, limit: limit)
      return try call.evaluator.list(words)
    }
    guard !separator.isEmpty else { throw call.failure("empty separator") }
    let pieces =
      fromRight
      ? TemplateText.splitFromRight(text, by: separator, limit: limit)
      : TemplateText.split(text, by: separator, limit: limit)
    return try call.evaluator.list(pieces)
  }

  private static func wordsFromRight(_ text: String, limit: Int) -> [String] {
    let reversed = { (text: String) -> String in
      String(String.UnicodeScalarView(text.unicodeScalars.reversed()))
    }
    return TemplateText.words(reversed(text), limit: limit).map(reversed).reversed()
  }

  private static func partition(
    _ text: String, _ call: TemplateCall, fromRight: Bool
  ) throws(Failure) -> TemplateValue {
    let separator = try call.requiredText(0, "sep")
    guard !separator.isEmpty else { throw call.failure("empty separator") }
    var pieces =
      fromRight
      ? TemplateText.splitFromRight(text, by: separator, limit: 1)
      : TemplateText.split(text, by: separator, limit: 1)
    if pieces.count == 2 {
      pieces.insert(separator, at: 1)
    } else {
      pieces.insert(contentsOf: ["", ""], at: fromRight ? 0 : 1)
    }
    return try call.evaluator.list(pieces.map { .string($0) }, .tuple)
  }

  private static func join(_ text: String, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    var result = ""
    for (index, item) in try call.evaluator.items(of: try call.required(0, "iterable")).enumerated() {
      guard let piece = item.textValue else {
        throw call.failure("sequence item \(index): expected str instance, \(item.typeName) found")
      }
      if index > 0 { try call.evaluator.append(text, to: &result) }
      try call.evaluator.append(piece, to: &result)
    }
    return .string(result)
  }

  // MARK: Filling up

  /// A text filled up to a width; `left` says how much of it stands before the text.
  private static func padded(
    _ text: String, _ call: TemplateCall, left: (_ missing: Int, _ width: Int) -> Int
  ) throws(Failure) -> TemplateValue {
    let width = max(try call.integer(0, "width") ?? 0, 0)
    let filler = try call.text(1, "fillchar") ?? " "
    guard filler.unicodeScalars.count == 1 else {
      throw call.failure("The fill character must be exactly one character long")
    }
    guard width <= TemplateEvaluator.maximumText else {
      throw call.failure("makes a text of more than \(TemplateEvaluator.maximumText) bytes")
    }
    let missing = max(0, width - text.unicodeScalars.count)
    let before = left(missing, width)
    try call.evaluator.checkText(missing * filler.utf8.count + text.utf8.count)
    return .string(
      String(repeating: filler, count: before) + text + String(repeating: filler, count: missing - before))
  }

  private static func expandTabs(_ text: String, _ call: TemplateCall) throws(Failure) -> TemplateValue {
    let size = max(try call.integer(0, "tabsize") ?? 8, 0)
    var result = ""
    var column = 0
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\t":
        let count = size == 0 ? 0 : size - column % size
        guard count <= TemplateEvaluator.maximumText else {
          throw call.failure("makes a text of more than \(TemplateEvaluator.maximumText) bytes")
        }
        try call.evaluator.append(String(repeating: " ", count: count), to: &result)
        column += count
      default:
        try call.evaluator.append(String(scalar), to: &result)
        column = scalar == "\n" || scalar == "\r" ? 0 : column + 1
      }
    }
    return .string(result)
  }
}

extension TemplateEvaluator {
  /// `text` with `old` replaced; a result that would be too long is not even made.
  func replaced(_ text: String, _ old: String, _ new: String, limit: Int?) throws(Failure) -> TemplateValue {
    let limit = limit.map { $0 < 0 ? .max : $0 } ?? .max
    let places =
      old.isEmpty
      ? min(text.unicodeScalars.count + 1, limit)
      : TemplateText.count(Array(old.utf8), in: Array(text.utf8), limit: limit)
    if places == 0 { return .string(text) }
    try spend(places)
    let growth = max(new.utf8.count - old.utf8.count, 0)
    guard growth == 0 || places <= Self.maximumText / growth else {
      throw failure("makes a text of more than \(Self.maximumText) bytes")
    }
    return try self.text(TemplateText.replace(text, old, with: new, limit: limit))
  }
}
