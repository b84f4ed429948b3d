// The weights that a training from nothing begins with.

import Models
import SafeIO
import TensorCore
import TestSupport
import Testing
import WeightFiles

@Suite struct InitialWeightsTests {
  private func spec(_ changes: [String: JSON?] = [:]) throws -> DecoderSpec {
    try Families.spec(config: RandomModel.config("llama", changes), source: "config.json")
  }

  @Test func `initial weights depend on seed, name and position alone`() throws {
    let all = try spec().parameters
    let embedding = all[0]
    let whole = embedding.initialValues(seed: 5).floats()
    #expect(embedding.initialValues(seed: 5).floats() == whole)
    #expect(embedding.initialValues(3..<20, seed: 5).floats() == Array(whole[3..<20]))
    #expect(embedding.initialValues(seed: 6).floats() != whole)
    let other = try #require(all.last { $0.role == .matrix })
    #expect(other.initialValues(0..<10, seed: 5).floats() != Array(whole[..<10]))
  }

  @Test func `the numbers of a seed never change`() throws {
    // From the definition, in Python: models of published recipes have to come out again.
    let expected: [Float] = [0.007686347, 0.018271254, -0.014825819, -0.0079465527]
    let found = try spec().parameters[0].initialValues(0..<4, seed: 5).floats()
    for (left, right) in zip(found, expected) { #expect(abs(left - right) < 1e-8) }
  }

  @Test func `initial matrices have a deviation of 0.02`() throws {
    let values = try spec(["vocab_size": 4000]).parameters[0].initialValues(seed: 1).floats()
    let mean = values.reduce(0, +) / Float(values.count)
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(values.count)).squareRoot()
    // Five standard errors of 32,000 draws.
    #expect(abs(mean) < 0.0006)
    #expect(abs(deviation - 0.02) < 0.0004)
  }

  @Test func `a matrix that is written in pieces holds the same numbers`() throws {
    let spec = try spec(["vocab_size": 200_000])
    let scratch = try Scratch()
    let entries = spec.parameters.map { TensorEntry(name: $0.name, dtype: .bf16, shape: $0.shape) }
    let writer = ModelWriter(directory: scratch.path, entries: entries)
    try writer.appendInitialWeights(of: spec, seed: 3, dtype: .bf16)
    try writer.finish()
    let file = try SafetensorsFile(path: scratch.path + "/model.safetensors")
    for parameter in spec.parameters {
      let expected = parameter.initialValues(seed: 3).cast(to: .bf16).cast(to: .f32).floats()
      #expect(try file.tensor(parameter.name).cast(to: .f32).floats() == expected)
    }
  }
}
