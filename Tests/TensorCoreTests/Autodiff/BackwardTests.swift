// What a backward pass does, apart from the formulas of single operations.

import TensorCore
import Testing

@Suite struct `Backward passes` {
  @Test func `gradients of several uses add up`() throws {
    let x = Tensor([2, -3]).trainable()
    let gradients = (x * x + x + x).sum().backward()
    #expect(gradients[x]?.floats() == [6, -4])
  }

  @Test func `a copy of a leaf is the same leaf`() throws {
    let x = Tensor([2]).trainable()
    let copy = x
    #expect((copy * 3).sum().backward()[x]?.floats() == [3])
  }

  @Test func `paths of different length to one leaf are both counted`() throws {
    let x = Tensor([0.5]).trainable()
    var long = x
    for _ in 0..<20 { long = long * 2 }
    #expect((long + x).sum().backward()[x]?.floats() == [1_048_577])
  }

  @Test func `a leaf that was not used has no gradient`() {
    let (x, y) = (Tensor([1]).trainable(), Tensor([1]).trainable())
    #expect((x * 2).sum().backward()[y] == nil)
  }

  @Test func `detached values and constants pass nothing on`() {
    let x = Tensor([3]).trainable()
    let y = x * 2
    #expect(y.requiresGradient)
    #expect(!y.detached().requiresGradient)
    #expect((y.detached() * x).sum().backward()[x]?.floats() == [6])
    #expect(!(Tensor([1]) * Tensor([2])).requiresGradient)
  }

  @Test func `without recording results are constants`() {
    let x = Tensor([3]).trainable()
    let y = withoutRecording { x * x }
    #expect(y.floats() == [9])
    #expect(!y.requiresGradient)
    #expect((x * x).requiresGradient)
  }

  @Test func `a seed weighs the outputs`() {
    let x = Tensor([1, 2, 3]).trainable()
    #expect((x * x).backward(seed: Tensor([1, 0, -1]))[x]?.floats() == [2, 0, -6])
  }

  @Test func `a gradient does not share its elements with the upstream one it came from`() {
    // + hands its upstream gradient to both sides; adding to one of them in place must not change the other.
    let (x, y) = (Tensor([1, 1]).trainable(), Tensor([1, 1]).trainable())
    let gradients = ((x + y) + x).sum().backward()
    #expect(gradients[x]?.floats() == [2, 2])
    #expect(gradients[y]?.floats() == [1, 1])
  }

  @Test func `a graph of a hundred thousand operations is differentiated`() {
    let x = Tensor([1]).trainable()
    var y = x
    for _ in 0..<100_000 { y = y + 1 }
    #expect(y.sum().backward()[x]?.floats() == [1])
  }

  @Test func `a graph that is dropped without a backward pass frees itself however deep it is`() {
    let x = Tensor([1]).trainable()
    var y = x
    for _ in 0..<200_000 { y = y * 1 }
    #expect(y.floats() == [1])
    y = x
    #expect(y.requiresGradient)
  }

  @Test func `a user's operation joins the graph`() {
    let x = Tensor([1, 2]).trainable()
    let doubled = Tensor.record("double", output: x.detached() * 2, inputs: [x]) { [$0 * 2] }
    #expect(doubled.sum().backward()[x]?.floats() == [2, 2])
  }

  @Test func `a second pass over one graph traps`() async {
    await #expect(processExitsWith: .failure) {
      let x = Tensor([1]).trainable()
      let y = (x * x).sum()
      _ = y.backward()
      _ = y.backward()
    }
  }

  @Test func `backward from many values needs a seed`() async {
    await #expect(processExitsWith: .failure) {
      _ = (Tensor([1, 2]).trainable() * 2).backward()
    }
  }

  @Test func `backward from a constant traps`() async {
    await #expect(processExitsWith: .failure) { _ = Tensor(1).backward() }
  }
}
