// JSON and YAML from outside: what is accepted, and what each complaint says.

import SafeIO
import TestSupport
import Testing

@Suite struct JSONParsingTests {
  @Test(arguments: [
    ("null", JSON.null), ("true", true), ("-0", 0), ("12", 12), ("1.0", .double(1)),
    ("1e-05", .double(1e-05)),
    (#""a\u00e9\ud83d\ude00\n""#, "aé😀\n"), ("[1, [], {}]", .array([1, .array([]), .object([:])])),
    (#" {"b": 1, "a": [null]} "#, .object(["b": 1, "a": .array([.null])])),
    ("1000000000000000019884624838656", .bigInteger("1000000000000000019884624838656")),
  ])
  func `a value is read as what it is`(text: String, expected: JSON) throws {
    #expect(try JSON.parse(text, source: "t") == expected)
  }

  @Test func `infinity is a number where a reader asks for it`() throws {
    let scratch = try Scratch()
    try scratch.write(#"{"limit": [0.0, Infinity]}"#, "c.json")
    let path = "\(scratch.path)/c.json"
    let value = try JSON.read(path: path, acceptingInfinity: true)
    #expect(value["limit"] == .array([0.0, .double(.infinity)]))
    #expect(value.text(.python) == #"{"limit": [0.0, Infinity]}"#)
    #expect(throws: Failure.self) { try JSON.read(path: path) }
    try scratch.write("[Infinite]", "c.json")
    #expect(throws: Failure.self) { try JSON.read(path: path, acceptingInfinity: true) }
  }

  @Test func `the order of keys is kept`() throws {
    let value = try JSON.parse(#"{"z": 1, "a": 2, "m": 3}"#, source: "t")
    #expect(value.objectValue?.keys == ["z", "a", "m"])
    #expect(value.text() == #"{"z":1,"a":2,"m":3}"#)
    #expect(value.text(sortedKeys: true) == #"{"a":2,"m":3,"z":1}"#)
  }

  @Test(arguments: [
    ("", "line 1, column 1: expected a JSON value, found the end of the text"),
    ("{\"a\": 1,\n \"a\": 2}", "line 2, column 5: the key \"a\" stands twice in one object"),
    ("[1, 2", "line 1, column 6: expected ',' or ']', found the end of the text"),
    ("[1] x", "line 1, column 5: expected the end, found 'x'"),
    ("\u{FEFF}{}", "line 1, column 1: expected a JSON value, found byte 239"),
    ("01", "malformed number"), ("1.", "malformed number"), ("-", "malformed number"),
    ("1e999", "out of range"),
    (#""\ud800""#, "half of a surrogate pair"), (#""\x""#, "unknown escape"),
    ("\"a\nb\"", "control character"),
    ("\"abc", "a string does not end"), ("nul", "expected a JSON value"),
    ("{1: 2}", "expected a key in quotes"),
    ("{\"a\" 1}", "expected ':'"), ("[1,]", "expected a JSON value, found ']'"),
  ])
  func `a malformed text is refused with its place`(text: String, complaint: String) {
    let failure = #expect(throws: Failure.self) { try JSON.parse(text, source: "f.json") }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.hasPrefix("f.json: line ") == true)
    #expect(failure?.message.contains(complaint) == true, "\(failure?.message ?? "")")
  }

  @Test func `bytes that are not UTF-8 are refused`() {
    #expect(throws: Failure.self) { try JSON.parse([0x22, 0xff, 0x22], source: "f") }
    #expect(throws: Failure.self) { try JSON.parse([0x22, 0xc0, 0x80, 0x22], source: "f") }
  }

  @Test func `nesting is bounded`() throws {
    let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    #expect(throws: Never.self) { try JSON.parse(deep, source: "f") }
    let failure = #expect(throws: Failure.self) {
      try JSON.parse(String(repeating: "[", count: 1_000_000), source: "f")
    }
    #expect(failure?.message.contains("nested deeper than 64") == true)
  }

  @Test func `every truncation of a document is refused`() throws {
    let text = #"{"a": [1.5e3, true, null, "x\u0041"], "b": {"c": -2}}"#
    for length in 0..<text.utf8.count {
      #expect(throws: Failure.self) { try JSON.parse([UInt8](text.utf8.prefix(length)), source: "f") }
    }
  }

  @Test func `any single changed byte is read or refused, never a crash`() throws {
    let bytes = [UInt8](#"{"a": [1.5e3, true, null, "x\u0041"], "b": {"c": -2}}"#.utf8)
    for position in bytes.indices {
      for replacement: UInt8 in [0, 0x22, 0x5c, 0x7b, 0x80, 0xff] {
        var changed = bytes
        changed[position] = replacement
        _ = try? JSON.parse(changed, source: "f")
      }
    }
  }

  @Test(arguments: [
    (1e-05, "1e-05"), (10000, "10000.0"), (1e16, "1e+16"), (12_345_678_901_234_568, "1.2345678901234568e+16"),
    (1e15, "1000000000000000.0"), (0.0001, "0.0001"), (2.5, "2.5"), (-3e-07, "-3e-07"), (1e21, "1e+21"),
  ])
  func `doubles print as Python prints them`(value: Double, text: String) {
    #expect(JSON.pythonText(value) == text)
    #expect(JSON.double(value).text() == text)
  }

  @Test func `pretty text has Python's layout`() {
    let value: JSON = ["a": [], "b": [1, 2], "c": ["d": nil]]
    #expect(
      value.text(.pretty(indent: 2))
        == "{\n  \"a\": [],\n  \"b\": [\n    1,\n    2\n  ],\n  \"c\": {\n    \"d\": null\n  }\n}")
    #expect(value.text(.python) == #"{"a": [], "b": [1, 2], "c": {"d": null}}"#)
  }
}

@Suite struct YAMLParsingTests {
  @Test func `YAML becomes the same value as JSON`() throws {
    let text = """
      name: demo
      rate: 1e-5
      steps: 20
      on: yes
      quoted: "1"
      list: [a, 2, 2.5, null, true]
      nested: {key: value}
      """
    let value = try JSON.parseYAML(text, source: "t.yaml")
    #expect(
      value == [
        "name": "demo", "rate": .double(1e-5), "steps": 20, "on": "yes", "quoted": "1",
        "list": ["a", 2, .double(2.5), .null, true], "nested": ["key": "value"],
      ])
  }

  @Test(arguments: ["a: [1", "a: 1\na: 2", "b: *x", "? [1, 2]\n: 3", "\t- x\n a"])
  func `malformed or unsafe YAML is refused`(text: String) {
    let failure = #expect(throws: Failure.self) { try JSON.parseYAML(text, source: "t.yaml") }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.hasPrefix("t.yaml") == true)
  }
}

@Suite struct YAMLBombTests {
  /// Nine levels of ten aliases each: a billion values from some 300 bytes.
  private var bomb: String {
    var text = "a1: &a1 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 2...9 {
      let row = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(row)]\n"
    }
    return text
  }

  @Test func `aliases that unfold without bound are refused with their line`() {
    let failure = #expect(throws: Failure.self) { try JSON.parseYAML(bomb, source: "t.yaml") }
    #expect(failure?.message == "t.yaml: line 2: aliases (*name) are not read here; write the value out")
  }

  @Test func `an alias as a key is refused before keys are compared`() {
    let text = bomb + "? *a9\n: 1\n"
    let failure = #expect(throws: Failure.self) { try JSON.parseYAML(text, source: "t.yaml") }
    #expect(failure?.kind == .badData)
  }

  @Test func `a collection as a key is refused, deep inside too`() {
    let failure = #expect(throws: Failure.self) {
      try JSON.parseYAML("a:\n  - b: {c: 1}\n  - ? [1]\n    : 2\n", source: "t.yaml")
    }
    #expect(failure?.message == "t.yaml: line 3: a key must be plain text")
  }

  @Test func `nesting is bounded`() {
    let text = String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
    let failure = #expect(throws: Failure.self) { try JSON.parseYAML(text, source: "t.yaml") }
    #expect(failure?.message == "t.yaml: line 1: is nested deeper than 64")
  }
}

@Suite struct JSONLinesTests {
  @Test func `each line is a value with its number, blank ones are passed over`() throws {
    let scratch = try Scratch()
    let path = try scratch.write("1\n\n \t\r\n{\"a\": 2}\r\n3", "rows.jsonl")
    var lines = try JSONLines(path: path)
    var found: [String] = []
    while let (value, place) = try lines.next() { found.append("\(place): \(value.text())") }
    #expect(found == ["\(path): line 1: 1", "\(path): line 4: {\"a\":2}", "\(path): line 5: 3"])
  }

  @Test func `a line that is no JSON is named`() throws {
    let scratch = try Scratch()
    let path = try scratch.write("1\nx\n", "rows.jsonl")
    var lines = try JSONLines(path: path)
    _ = try lines.next()
    let failure = #expect(throws: Failure.self) { try lines.next() }
    #expect(failure?.message.hasPrefix("\(path): line 2: ") == true)
  }
}

@Suite struct FieldsTests {
  @Test func `a wrong type names the key, what was expected and what was found`() throws {
    let fields = try Fields(["rank": "8"], source: "c.yaml")
    let failure = #expect(throws: Failure.self) { try fields.int("rank") }
    #expect(failure?.message == "c.yaml: key 'rank': expected an integer, found a string")
    let missing = #expect(throws: Failure.self) { try fields.int("alpha") }
    #expect(missing?.message == "c.yaml: key 'alpha': is missing")
  }

  @Test func `an unknown key suggests the nearest known one`() throws {
    let fields = try Fields(["learning_rat": 1], source: "c.yaml")
    let failure = #expect(throws: Failure.self) {
      try fields.rejectUnknown(known: ["rank", "learning_rate"])
    }
    #expect(failure?.message == "c.yaml: key 'learning_rat': is not known; did you mean 'learning_rate'?")
  }
}
