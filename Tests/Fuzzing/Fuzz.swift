// The ends that libFuzzer calls (https://llvm.org/docs/LibFuzzer.html): it has the main function, chooses bytes by what code
// they reach, and reports crashes, hangs and large allocations.

import Glibc
import SafeIO

private let parser: @Sendable (Input) throws(Failure) -> Void = {
  let name = getenv("MLT_FUZZ_PARSER").map { String(cString: $0) } ?? ""
  guard let parser = parsers[name] else {
    fatalError("MLT_FUZZ_PARSER names a parser: \(parsers.keys.sorted().joined(separator: ", "))")
  }
  return parser
}()

/// Runs the parser on one input; what it refuses, it must refuse with a place and one line.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do throws(Failure) {
    try parser(Input([UInt8](UnsafeBufferPointer(start: bytes, count: count))))
  } catch {
    precondition(error.kind != .fault, error.message)
    precondition(error.message.utf8.count < 10_000, "a complaint is as long as its input")
  }
  return 0
}
