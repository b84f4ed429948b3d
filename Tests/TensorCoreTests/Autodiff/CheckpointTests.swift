// Checkpoints: the same gradients for less memory.

import TensorCore
import Testing

@Suite struct Checkpoints {
  /// A small stack of blocks with weights that the blocks capture.
  private struct Stack {
    let x: Tensor
    let weights: [Tensor]

    init(layers: Int = 3, rows: Int = 5, width: Int = 8, trainableInput: Bool = true) {
      var numbers = Numbers(seed: 5)
      let input = numbers.tensor([rows, width])
      x = trainableInput ? input.trainable() : input
      weights = (0..<layers).map { _ in numbers.tensor([width, width]).trainable() }
    }

    func loss(checkpointing: Bool) -> Tensor {
      var hidden = x
      for weight in weights {
        func block(_ inputs: [Tensor]) -> [Tensor] {
          let up = inputs[0].rmsNorm(weight: nil, epsilon: 1e-5).linear(weight)
          return [inputs[0] + up.silu() * up.sigmoid().tanh()]
        }
        hidden = checkpointing ? checkpoint([hidden], block)[0] : block([hidden])[0]
      }
      return (hidden * hidden).mean()
    }
  }

  @Test(arguments: [true, false])
  func `loss and gradients have the same bits as without`(trainableInput: Bool) throws {
    let stack = Stack(trainableInput: trainableInput)
    let (plain, saving) = (stack.loss(checkpointing: false), stack.loss(checkpointing: true))
    #expect(bits(plain) == bits(saving))
    let (expected, found) = (plain.backward(), saving.backward())
    for leaf in stack.weights + (trainableInput ? [stack.x] : []) {
      #expect(bits(try #require(expected[leaf])) == bits(try #require(found[leaf])))
    }
  }

  @Test func `several outputs get their own gradients`() throws {
    let x = Tensor([2, 3]).trainable()
    let outputs = checkpoint([x]) { [$0[0] * 2, $0[0] * $0[0], $0[0].exp()] }
    let gradients = (outputs[0] + outputs[1] * 10).sum().backward()
    #expect(gradients[x]?.floats() == [42, 62])
  }

  @Test func `checkpoints nest`() throws {
    let x = Tensor([2]).trainable()
    let outer = checkpoint([x]) { inputs in
      let inner = checkpoint([inputs[0] * 3]) { [$0[0] * $0[0]] }
      return [inner[0] + inputs[0]]
    }
    #expect(outer[0].sum().backward()[x]?.floats() == [37])
  }

  @Test func `a recorded value that the body captures gets its gradient`() throws {
    let x = Tensor([2]).trainable()
    let captured = x * 5
    let output = checkpoint([Tensor([3])]) { [$0[0] * captured] }
    #expect(output[0].sum().backward()[x]?.floats() == [15])
  }

  @Test func `nothing is recorded when nothing is trainable`() {
    #expect(!checkpoint([Tensor([1])]) { [$0[0] * 2] }[0].requiresGradient)
    let x = Tensor([1]).trainable()
    #expect(!withoutRecording { checkpoint([x]) { [$0[0] * 2] } }[0].requiresGradient)
  }

  @Test func `the peak is lower`() async {
    await #expect(processExitsWith: .success) {
      let stack = Stack(layers: 12, rows: 256, width: 256)
      var peaks: [Int] = []
      for checkpointing in [false, true] {
        MemoryMeter.resetPeak()
        let before = MemoryMeter.currentBytes
        _ = stack.loss(checkpointing: checkpointing).backward()
        peaks.append(MemoryMeter.peakBytes - before)
      }
      // Without: some 8 activations of 256 KiB per layer. With: one, and the 8 of one layer.
      #expect(peaks[1] * 2 < peaks[0], "\(peaks)")
    }
  }
}
