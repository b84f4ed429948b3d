// Work on other threads.

import SafeIO
import Testing

@Suite struct BackgroundTests {
  @Test func `gives the result, or throws the error, of its work`() throws {
    let (sum, failed) = (
      Background { (1...10).reduce(0, +) }, Background<Int> { () throws(Failure) in throw .usage("no") }
    )
    #expect(try sum.value() == 55)
    #expect(try sum.value() == 55)
    #expect(throws: Failure.usage("no")) { try failed.value() }
  }

  @Test(arguments: [1, 2, 7])
  func `results stand in the order of the items, whoever made them`(threads: Int) throws {
    let items = Array(0..<100)
    #expect(try Background.map(items, threads: threads) { $0 * $0 } == items.map { $0 * $0 })
    #expect(try Background<Int>.map([Int](), threads: threads) { $0 } == [])
  }

  @Test(arguments: [1, 2, 7])
  func `the first item that fails decides the error`(threads: Int) throws {
    #expect(throws: Failure.usage("item 3")) {
      try Background<Int>.map(Array(0..<10_000), threads: threads) { item throws(Failure) in
        if item >= 3 { throw .usage("item \(item)") }
        return item
      }
    }
  }
}
