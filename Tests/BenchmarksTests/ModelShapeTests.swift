import Benchmarks
import Models
import SafeIO
import Testing

/// The table of shapes.
@Suite struct ModelShapeTests {
  /// Parameters of the models that the shapes are named after, from their model cards.
  @Test(
    arguments: [
      ("llama-135m", 134_515_008), ("llama-360m", 361_821_120), ("llama-1b", 1_235_814_400),
      ("llama-3b", 3_212_749_824), ("llama-8b", 8_030_261_248),
    ]) func `a shape has as many parameters as the model it is named after`(name: String, count: Int) throws
  {
    let config = try ModelShape(named: name).config(bits: 16, groupSize: 64)
    #expect(try Families.spec(config: .object(config), source: name).parameterCount == count)
  }

  @Test func `an unknown shape is told with its neighbour`() {
    #expect {
      try ModelShape(named: "llama-1g")
    } throws: { "\($0)".contains("did you mean 'llama-1b'") }
  }
}
