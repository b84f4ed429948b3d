// The result's form: exactly the documented keys and types, and nothing else.

import Evaluation
import SafeIO
import Testing

@Suite struct TriageResultTests {
  private static let result = TriageResult(
    summary: "s", filesInspected: ["a"],
    findings: [.init(file: "a", issue: "i", evidence: "e", confidence: 0.5)], recommendedNextStep: "n")

  @Test func `a result survives the way through JSON`() throws {
    #expect(try TriageResult.decode(Self.result.json.text()) == Self.result)
    #expect(
      Self.result.json.text()
        == #"{"summary":"s","files_inspected":["a"],"findings":[{"file":"a","issue":"i","evidence":"e","#
        + #""confidence":0.5}],"recommended_next_step":"n"}"#)
  }

  @Test func `whole numbers are confidences too`() throws {
    let text = Self.result.json.text().replacing("0.5", with: "1")
    #expect(try TriageResult.decode(text).findings[0].confidence == 1)
  }

  @Test(arguments: [
    ("not json", "result"),
    ("[]", "expected an object"),
    (#"{"summary":"s"}"#, "key 'files_inspected': is missing"),
    (result.json.text().replacing("0.5", with: "1.5"), "expected a number from 0 to 1"),
    (result.json.text().replacing("0.5", with: #""high""#), "key 'confidence'"),
    (result.json.text().replacing(#""summary":"s""#, with: #""summary":null"#), "key 'summary': is missing"),
    (result.json.text().replacing(#""n"}"#, with: #""n","extra":1}"#), "key 'extra': is not known"),
    (result.json.text() + " and more", "result"),
    (result.json.text().replacing(#"["a"]"#, with: #"["a",1]"#), "expected an array of strings"),
    (
      result.json.text().replacing(#""s""#, with: "\"\(String(repeating: "x", count: 8001))\""),
      "longer than 8000"
    ),
  ])
  func `anything else is refused`(text: String, problem: String) throws {
    let failure = try #require(throws: Failure.self) { try TriageResult.decode(text) }
    #expect(failure.message.contains(problem))
  }
}
