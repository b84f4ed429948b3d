// The patterns of tokenizers, seen through a split. Results are those of Oniguruma, which the library uses.

import SafeIO
import Testing
import Tokenization

@Suite struct RegexTests {
  /// The matches of a pattern.
  private func matches(_ pattern: String, _ text: String) throws -> [String] {
    let step: JSON = [
      "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Removed", "invert": true,
    ]
    return try TinyTokenizer.splitting(step).words(of: text)
  }

  @Test(arguments: [
    ("a|ab", "abab", ["a", "a"]), ("(?:a|ab)(?:c|bcd)(?:d*)", "abcd", ["abcd"]),
    ("a+?", "aaa", ["a", "a", "a"]), ("a{2}", "aaaaa", ["aa", "aa"]), ("a{,2}b", "aaab", ["aab"]),
    ("a{2,}?b", "aaab", ["aaab"]), ("\\p{N}{1,3}+", "12345", ["12345"]), ("a*+a", "aaa", []),
    ("(?>a|ab)c", "abcac", ["ac"]), ("x(?=y)", "xyxz", ["x"]), ("x(?!y).", "xyxz", ["xz"]),
    ("(?<=a|bc)d", "ad bcd cd", ["d", "d"]), ("(?<!a)d", "ad d", ["d"]),
    ("^b", "a\nb", ["b"]), ("\\Ab", "a\nb", []), ("a$", "a\nb", ["a"]), ("\\bfoo\\b", "foo foox", ["foo"]),
    ("(?m)a.b", "a\nb", ["a\nb"]), ("a.b", "a\nb", []), ("\\h{2}", "x3fz", ["3f"]),
    ("[]a]+", "b]ab", ["]a"]), ("[a-c-]+", "d-bz", ["-b"]), ("[^\\S\\n]+", "a \n\tb", [" ", "\t"]),
    ("[\\p{L}&&[^b]]+", "abc1", ["a", "c"]), ("[[:alpha:]]+", "aé1", ["aé"]), ("\\p{^L}", "a1", ["1"]),
    ("\\p{Han}+", "a漢字か", ["漢字"]), ("\\x{e9}|\\u00e8", "éèe", ["é", "è"]), ("a{x", "a{x", ["a{x"]),
    ("(?i:'s|'LL)", "'S 'ſ 'll", ["'S", "'ſ", "'ll"]),
    ("(?i)[k-l]", "Kk\u{212a}L", ["K", "k", "\u{212a}", "L"]),
    ("a(?#comment)b", "ab", ["ab"]), ("(?<word>a)b", "ab", ["ab"]), ("\\R", "a\r\nb\n", ["\r\n", "\n"]),
    ("\\s+(?!\\S)|\\s+", "a   b  ", ["  ", " ", "  "]), ("(a*)*b", "aab", ["aab"]),
  ])
  func `patterns match as in Oniguruma`(pattern: String, text: String, expected: [String]) throws {
    #expect(try matches(pattern, text) == expected, "\(pattern)")
  }

  @Test(arguments: [
    ("a(b", "a group is not closed, at character 4"), ("[a", "the pattern ends in a class, at character 3"),
    ("*a", "nothing to repeat, at character 2"), ("a)", "unmatched ')', at character 2"),
    ("(a)\\1", "the escape '\\1' is not supported, at character 6"),
    ("\\p{Klingon}", "the character property 'Klingon' is not supported, at character 12"),
    ("a{2000}", "a repetition counts to more than 1000, at character 8"),
    ("(?x)a", "the group option 'x' is not supported, at character 4"),
  ])
  func `a pattern that can't be used is refused with the place in it`(pattern: String, problem: String) throws
  {
    let failure = try #require(throws: Failure.self) { try matches(pattern, "a") }
    #expect(
      failure.message
        == "tokenizer.json: pre-tokenizer Split: the regular expression '\(pattern)': \(problem)")
  }

  @Test(arguments: [
    "a+", "a{1000}b", "a{1000}{1000}{1000}{1000}{1000}{1000}{1000}", "(?:a{999}){999}|b",
  ])
  func `a lookbehind of varying or enormous width is refused`(inner: String) throws {
    let failure = try #require(throws: Failure.self) { try matches("(?<=\(inner))b", "ab") }
    #expect(
      failure.message.hasSuffix(
        "a lookbehind of varying width, or of more than 1000 characters, is not supported"))
  }

  @Test(arguments: ["(a+)+$", "(a|a)*b", "(.*a){20}b"])
  func `a pattern that backtracks without end stops with one sentence`(pattern: String) throws {
    let text = String(repeating: "a", count: 5000) + "!"
    let failure = try #require(throws: Failure.self) { try matches(pattern, text) }
    #expect(failure.kind == .badData)
    #expect(failure.message.hasSuffix("backtracks without end on a text of 5001 bytes"))
  }

  @Test func `nested groups and huge counts are refused, not followed`() throws {
    let nested = String(repeating: "(", count: 100_000)
    #expect(throws: Failure.self) { try matches(nested, "a") }
    #expect(throws: Failure.self) { try matches(String(repeating: "[", count: 100_000), "a") }
    #expect(throws: Failure.self) { try matches("(?:(?:(?:ab){1000}){1000}){1000}", "a") }
    #expect(throws: Failure.self) { try matches("(?:){1000}{1000}{1000}{1000}", "a") }
    let repeated = "(?:ab)" + String(repeating: "{1,}", count: 100_000)
    #expect(throws: Failure.self) { try matches(repeated, "a") }
    let sets = (0..<2000).map { "[\\x{4e00}\\x{\(String(0x4e01 + $0, radix: 16))}]" }.joined()
    #expect(throws: Failure.self) { try matches(sets, "a") }
  }

  @Test func `an intersection of any number of sets and one set many times are no problem`() throws {
    let intersection = "[" + String(repeating: "a-c&&", count: 100_000) + "b-z]+"
    #expect(try matches(intersection, "abcd") == ["bc"])
    #expect(try matches("(?:\\p{L}\\p{N}){1000}|a1", "a1") == ["a1"])
  }
}
