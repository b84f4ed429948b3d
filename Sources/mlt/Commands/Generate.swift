// mlt generate: text from a model, streamed, with the measurements of how it came about.

import ArgumentParser
import Evaluation
import FineTuning
import Generation
import Registry
import SafeIO
import TensorCore
import Tokenization

/// The command `mlt generate`.
struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Generate text, or JSON that fits a schema.",
    discussion: """
      The text goes to standard output as it grows, the measurements to standard error. A model with a chat \
      template is asked through it, unless --raw is given.

      EXAMPLE
        mlt generate --model base --prompt "Once upon a time" \\
          --max-tokens 100 --temp 0.8 --seed 7
        mlt generate --model base --prompt "Name a colour." \\
          --schema colour.json --json
      """)

  @Option(help: ArgumentHelp("Model folder.", valueName: "dir"))
  var model: String

  @Option(
    name: [.long, .customLong("adapter-path")],
    help: ArgumentHelp("Adapter folder, PEFT or mlx-lm.", valueName: "dir"))
  var adapter: String?

  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: ArgumentHelp("The prompt; - reads standard input.", valueName: "text"))
  var prompt: String?

  @Option(help: ArgumentHelp("A conversation: {\"messages\": […], \"tools\": […], …}.", valueName: "file"))
  var chat: String?

  @Option(
    name: [.long, .customLong("system-prompt")], parsing: .unconditional,
    help: ArgumentHelp("System message before the prompt.", valueName: "text"))
  var system: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How the answer begins.", valueName: "text"))
  var prefillResponse: String?

  @OptionGroup var chatTemplate: ChatTemplateOptions

  @Flag(
    name: [.long, .customLong("ignore-chat-template")],
    help: "Continue the prompt as it is, without the chat template.")
  var raw = false

  @OptionGroup(title: "Sampling") var sampling: SamplingFlags

  @Option(help: ArgumentHelp("Stop before this text; may be repeated.", valueName: "text"))
  var stop: [String] = []

  @Option(help: ArgumentHelp("JSON schema that the text must fit.", valueName: "file"))
  var schema: String?

  @OptionGroup var precision: ArithmeticOptions

  @Flag(help: "Also show the prompt as the model reads it.")
  var verbose = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if (prompt == nil) == (chat == nil) { throw ValidationError("Give either --prompt or --chat.") }
    if chat != nil, raw || system != nil || prefillResponse != nil {
      throw ValidationError(
        "--chat holds the whole conversation; leave out --raw, --system and --prefill-response.")
    }
    if raw, system != nil || prefillResponse != nil || chatTemplate.chatTemplate != nil {
      throw ValidationError("--raw goes without the chat template and what it would write.")
    }
  }

  func run() throws {
    _ = common.start()
    let options = try options()
    let language = try LanguageModel(
      path: model, adapter: adapter, arithmetic: precision.arithmetic, quiet: common.quiet)
    let ids = try promptTokens(language)
    var constraint: GrammarConstraint?
    if let schema {
      let grammar = try SchemaGrammar.grammar(JSON.read(path: schema), source: schema)
      constraint = try GrammarConstraint(grammar, vocabulary: language.vocabulary, source: schema)
    }
    if verbose { Console.note(try describe(ids, language)) }
    let generator = Generator(tokenizer: language.tokenizer, endOfText: language.endOfText)
    let result = try generator.generate(
      ids, in: language.newContext(), options: options, constraint: constraint
    ) {
      if !common.json { show($0) }
    }
    if common.json {
      Console.print(json: .object(try record(result, options, language)))
    } else {
      show("\n")
      if !common.quiet { Console.note(summary(result)) }
    }
  }

  private func options() throws -> GenerationOptions {
    var options = GenerationOptions()
    options.sampling = sampling.options
    options.maximumTokens = sampling.maxTokens
    options.stopStrings = stop
    try options.validate()
    return options
  }

  private func promptTokens(_ language: LanguageModel) throws -> [Int32] {
    let template = try chatTemplate.template(language.chatTemplate)
    let variables = try chatTemplate.variables()
    if let chat {
      guard let template else { throw Failure.badData(model, "has no chat template, which --chat needs") }
      let conversation = try Conversation(
        JSON.read(path: chat), source: chat, isPrompt: true, variables: variables)
      return try tokens(of: conversation, template, language)
    }
    let text = try prompt.map { $0 == "-" ? try StandardInput.text() : $0 } ?? ""
    guard !raw, let template else {
      if system != nil || prefillResponse != nil {
        throw Failure.badData(model, "has no chat template, which --system and --prefill-response need")
      }
      return try language.tokens(of: text)
    }
    var messages: [JSON] = system.map { [["role": "system", "content": .string($0)]] } ?? []
    messages.append(["role": "user", "content": .string(text)])
    if let prefillResponse { messages.append(["role": "assistant", "content": .string(prefillResponse)]) }
    let conversation = try Conversation(
      ["messages": .array(messages), "continue_final_message": .bool(prefillResponse != nil)],
      source: "the prompt", isPrompt: true, variables: variables)
    return try tokens(of: conversation, template, language)
  }

  /// A template writes all special tokens itself.
  private func tokens(
    of conversation: Conversation, _ template: ChatTemplate, _ language: LanguageModel
  ) throws -> [Int32] {
    try language.tokenizer.encode(
      conversation.render(template, language.tokenizer), addSpecialTokens: false
    ).ids
  }

  private func show(_ text: String) {
    Console.stream(Console.clean(text))
  }

  private func describe(_ ids: [Int32], _ language: LanguageModel) throws -> String {
    "prompt: \(language.tokenizer.decode(ids, skipSpecialTokens: false))\ntokens: \(ids)"
  }

  private func record(
    _ result: GenerationResult, _ options: GenerationOptions, _ language: LanguageModel
  ) throws -> JSONObject {
    let model = try EvaluatedModel(
      language.directory, adapterFile: adapter.map(AdapterFiles.weights(of:)))
    var record: JSONObject = [
      "version": 1, "tool_version": .string(Version.current), "artifact": model.artifactJSON,
      "base": model.baseJSON, "context_length": .integer(model.contextLength), "text": .string(result.text),
      "ids": .array(result.ids.map { .integer(Int($0)) }),
    ]
    for (key, value) in result.record { record[key] = value }
    record["instruction_set"] = .string(InstructionSet.name)
    record["arithmetic"] = .string(precision.arithmetic.record)
    record["peak_memory_bytes"] = .integer(MemoryMeter.processPeakBytes)
    var generation = options.sampling.record
    generation["max_tokens"] = .integer(options.maximumTokens)
    record["generation"] = .object(generation)
    return record
  }

  private func summary(_ result: GenerationResult) -> String {
    let reasons: [StopReason: String] = [
      .endOfText: "the model ended the text", .stopString: "a stop text came up",
      .complete: "the form is filled",
      .length: "--max-tokens reached", .context: "the context is full",
    ]
    return "\(result.promptTokens) prompt tokens, \(result.outputTokens) generated; first after "
      + "\(Words.seconds(result.timeToFirstToken)), then \(Words.fixed(result.tokensPerSecond, 1)) tokens/s; peak memory "
      + "\(Words.bytes(MemoryMeter.processPeakBytes)); \(reasons[result.stopReason] ?? "")"
  }
}
