// Generation with a real decoder: caches against full passes, determinism, and the stories model where it is there.

import Generation
import Models
import SafeIO
import TensorCore
import TestSupport
import Testing

@Suite struct LanguageModelTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try TinyModel().write(to: scratch.path)
  }

  @Test func `reading in any pieces gives the same logits`() throws {
    let model = try LanguageModel(path: scratch.path)
    let ids = (0..<40).map { Int32($0 * 37 % 256) }
    let whole = try model.newContext().read(ids, logitsAt: Array(ids.indices))
    let context = model.newContext()
    let pieces = try context.readInPieces(ids, logitsAt: Array(ids.indices), pieceLength: 7, check: {})
    #expect(context.length == 40)
    for (a, b) in zip(whole.joined(), pieces.joined()) {
      // f32 sums in another order.
      #expect(abs(a - b) < 2e-5)
    }
  }

  @Test func `a context that was cut reads on as if nothing had followed`() throws {
    let model = try LanguageModel(path: scratch.path)
    let context = model.newContext()
    _ = try context.read([1, 2, 3], logitsAt: [])
    let place = context.place
    let first = try context.read([4, 5], logitsAt: [1])
    context.goBack(to: place)
    _ = try context.read([9, 9, 9, 9], logitsAt: [])
    context.goBack(to: place)
    #expect(try context.read([4, 5], logitsAt: [1]) == first)
  }

  @Test func `texts read together get the logits that each gets alone, bit for bit`() throws {
    let model = try LanguageModel(path: scratch.path)
    let prompts: [[Int32]] = [[1, 2, 3], [4], (0..<30).map { Int32($0 * 11 % 256) }, [7, 7]]
    func contexts() throws -> [DecoderContext] {
      try prompts.map { prompt in
        let context = model.newContext()
        _ = try context.read(prompt, logitsAt: [])
        return context
      }
    }
    let (together, alone) = (try contexts(), try contexts())
    // One text ends at each step.
    for step in 0..<4 {
      let ids = (step..<4).map { Int32(20 * $0 + step) }
      let logits = try DecoderContext.readTogether(
        zip(together[step...], ids).map { (context: $0, ids: [$1]) })
      for (index, id) in zip(step..<4, ids) {
        let expected = try alone[index].read([id], logitsAt: [0])[0]
        let differing = zip(expected, logits[index - step]).filter { $0.bitPattern != $1.bitPattern }
        #expect(
          differing.isEmpty,
          "step \(step), text \(index): \(differing.count) differ, as \(differing.prefix(2))")
      }
    }
    #expect(together.map(\.length) == alone.map(\.length))
  }

  @Test func `texts of different lengths are read together, and all or none`() throws {
    let model = try LanguageModel(path: scratch.path)
    let (first, second) = (model.newContext(), model.newContext())
    #expect(throws: Failure.self) {
      try DecoderContext.readTogether([(first, [1, 2]), (second, [30_000])])
    }
    #expect(first.length == 0)
    let logits = try DecoderContext.readTogether([(first, [1, 2, 3]), (second, [5])])
    let expected = try [
      model.newContext().read([1, 2, 3], logitsAt: [2]), model.newContext().read([5], logitsAt: [0]),
    ]
    for (a, b) in zip(logits.joined(), expected.joined().joined()) {
      // f32 sums in another order.
      #expect(abs(a - b) < 2e-5)
    }
    #expect(try DecoderContext.readTogether([]).isEmpty)
  }

  @Test func `a tokenizer with tokens that the model does not know is refused`() throws {
    let path = "\(scratch.path)/tokenizer.json"
    var text = try Files.readText(path: path)
    text = text.replacing("\"vocab\":{", with: "\"vocab\":{\"of\":270,")
    try Files.writeAtomically(text, to: path)
    let failure = #expect(throws: Failure.self) { try LanguageModel(path: scratch.path) }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.contains("tokenizer.json: has a token with id 270") == true)
  }

  @Test func `a special token that the model does not know is refused when it is used`() throws {
    var other = TinyModel()
    other.specialTokens = ["<s>", "</s>", "<pad>"]
    let folder = try Scratch()
    try other.write(to: folder.path)
    try Files.copy(from: "\(folder.path)/tokenizer.json", to: "\(scratch.path)/tokenizer.json")
    let model = try LanguageModel(path: scratch.path)
    _ = try model.newContext().read(model.tokens(of: "fine"), logitsAt: [])
    let failure = #expect(throws: Failure.self) {
      try model.newContext().read(model.tokens(of: "not <pad>"), logitsAt: [])
    }
    #expect(failure?.message.contains("258") == true)
  }

  @Test(.enabled(if: Shared.has("real/models/stories260K/hf"), "needs the shared real models"))
  func `the stories model tells the story that llama2_c prints`() throws {
    let model = try LanguageModel(path: Shared.file("real/models/stories260K/hf"))
    var options = GenerationOptions()
    options.maximumTokens = 256
    let generator = Generator(tokenizer: model.tokenizer, endOfText: model.endOfText)
    let result = try generator.generate(model.tokens(of: ""), in: model.newContext(), options: options)
    #expect(result.promptTokens == 1)
    #expect(result.outputTokens == 256)
    #expect(
      result.text.hasPrefix(
        """
        Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she \
        saw a big, red ball. She wanted to play with it, but it was too high.
        Lily's mom said, "Lily, let's go to the park." Lily was sad and didn't know what to do. She said, "I want \
        to play with your ball, but I can't find it."

        """))
    #expect(result.text.hasSuffix(#"Her mom said, "Don't worry, Lily. We can help you."#))
  }
}
