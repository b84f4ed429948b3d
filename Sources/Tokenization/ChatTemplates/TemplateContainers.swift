// Lists (with tuples and what behaves like them), mappings in the order of insertion, and namespaces.

/// A sequence of values.
final class TemplateList {
  enum Kind: Equatable {
    case list
    case tuple
    /// A tuple whose items have names as well.
    case named([String])
    /// Gives its items once, has no length and counts as true, as what `map` and `select` give.
    case generator
    case range(TemplateRange)
    /// `dict_keys`, `dict_values`, `dict_items`.
    case view(String)

    var typeName: String {
      switch self {
      case .list: "list"
      case .tuple, .named: "tuple"
      case .generator: "generator"
      case .range: "range"
      case .view(let name): name
      }
    }
  }

  let kind: Kind
  var items: [TemplateValue]
  let height: Int

  init(_ items: [TemplateValue], _ kind: Kind) {
    self.items = items
    self.kind = kind
    height = 1 + (items.lazy.map(\.height).max() ?? 0)
  }

  var isTuple: Bool {
    switch kind {
    case .tuple, .named: true
    default: false
    }
  }

  /// Whether items have places: not in generators and views.
  var isIndexed: Bool {
    switch kind {
    case .generator, .view: false
    default: true
    }
  }
}

/// The numbers of a range.
struct TemplateRange: Equatable, CustomStringConvertible {
  let start: Int
  let stop: Int
  let step: Int

  var description: String { "range(\(start), \(stop)\(step == 1 ? "" : ", \(step)"))" }

  /// The range of the numbers at the places of a slice.
  func slice(_ bounds: (start: Int, stop: Int, step: Int)) -> TemplateRange {
    TemplateRange(
      start: start &+ bounds.start &* step, stop: start &+ bounds.stop &* step, step: step &* bounds.step)
  }
}

/// What can be the key of a mapping.
///
/// Texts are compared by their bytes, `1`, `1.0` and `true` are one key.
struct TemplateKey: Hashable {
  private let bytes: [UInt8]

  /// nil when the value can't be a key.
  init?(_ value: TemplateValue) {
    guard let bytes = Self.bytes(of: value) else { return nil }
    self.bytes = bytes
  }

  init(_ text: String) { bytes = Self.bytes(of: text) }

  private static func bytes(of text: String) -> [UInt8] { [0] + Array(text.utf8) }

  private static func bytes(of value: TemplateValue) -> [UInt8]? {
    switch value {
    case .string(let text), .markup(let text): return bytes(of: text)
    case .none: return [1]
    // All undefined values are equal.
    case .undefined: return [5]
    case .bigInteger(let digits): return [2] + Array(digits.utf8)
    case .double(let number):
      if let whole = Int(exactly: number) { return [2] + Array(String(whole).utf8) }
      return [3] + Array(String(number).utf8)
    case .bool, .integer: return value.integerValue.map { [2] + Array(String($0).utf8) }
    case .list(let list) where list.isTuple:
      var result: [UInt8] = [4]
      for item in list.items {
        // Tuples in tuples are refused, which bounds the recursion.
        if case .list = item { return nil }
        guard let bytes = bytes(of: item) else { return nil }
        result += Array(String(bytes.count).utf8) + [0] + bytes
      }
      return result
    default: return nil
    }
  }
}

/// Keys with values.
final class TemplateMapping: TemplateHolder {
  private(set) var keys: [TemplateValue] = []
  private(set) var values: [TemplateValue] = []
  private var positions: [TemplateKey: Int] = [:]
  private(set) var height = 1

  var count: Int { keys.count }

  func release() {
    keys = []
    values = []
    positions = [:]
  }

  subscript(key: TemplateKey) -> TemplateValue? { positions[key].map { values[$0] } }

  subscript(text: String) -> TemplateValue? { self[TemplateKey(text)] }

  func set(_ key: TemplateKey, _ name: TemplateValue, to value: TemplateValue) {
    height = max(height, 1 + value.height)
    if let position = positions[key] {
      values[position] = value
    } else {
      positions[key] = keys.count
      keys.append(name)
      values.append(value)
    }
  }

  func set(_ text: String, to value: TemplateValue) { set(TemplateKey(text), .string(text), to: value) }
}

/// What `namespace()` gives: attributes that inner loops can assign to.
final class TemplateNamespace: TemplateObject {
  let values: TemplateMapping

  init(_ values: TemplateMapping) { self.values = values }

  var typeName: String { "Namespace" }

  func attribute(_ name: String) -> TemplateValue? { values[name] }

  /// Why a name can't be that of an attribute; nil when it can.
  static func refusal(_ name: String) -> String? {
    guard name.hasPrefix("_") else { return nil }
    return "Chat templates cannot store underscore-prefixed attributes on a namespace, but got "
      + "\(TemplateText.quoted(name)). Please rename the attribute."
  }
}
