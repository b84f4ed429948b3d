// Every operation against PyTorch in float64, forward and backward.

import SafeIO
import TensorCore
import Testing

@Suite struct `Operations against PyTorch` {
  @Test func `every golden file has an operation`() {
    let missing = GoldenFile.operations.filter { CataloguedOperation.named($0) == nil }
    #expect(!GoldenFile.operations.isEmpty)
    #expect(missing.isEmpty, "golden files without an operation: \(missing)")
  }

  @Test func `every operation has golden cases or inputs of its own`() {
    for operation in CataloguedOperation.all {
      #expect(
        GoldenFile.operations.contains(operation.name) != (operation.ownInputs != nil), "\(operation.name)")
    }
  }

  @Test(arguments: GoldenFile.operations)
  func `the result and all gradients are those of PyTorch`(operation name: String) throws {
    let operation = try #require(CataloguedOperation.named(name))
    for golden in try GoldenFile(operation: name).cases() {
      var inputs = golden.inputs
      for (name, tensor) in inputs where tensor.dtype == .f32 { inputs[name] = tensor.trainable() }
      let output = try #require(operation.run(inputs, golden.parameters), "\(golden): inputs \(inputs.keys)")
      let expected = try #require(golden.file.values("\(golden.name).out"))
      #expect(output.shape == golden.file.shape("\(golden.name).out"), "\(golden)")
      let error = deviation(output.floats(), expected)
      #expect(error <= golden.tolerance, "\(golden): the result is off by \(error)")

      let upstream: Tensor = try #require(golden.file.tensor("\(golden.name).upstream"))
      let gradients = output.backward(seed: upstream)
      for (name, input) in inputs {
        guard let expected = golden.file.values("\(golden.name).grad.\(name)") else { continue }
        let gradient = try #require(gradients[input], "\(golden): no gradient of \(name)")
        #expect(gradient.shape == input.shape, "\(golden): gradient of \(name)")
        let error = deviation(gradient.floats(), expected)
        #expect(error <= golden.tolerance, "\(golden): the gradient of \(name) is off by \(error)")
      }
    }
  }
}
