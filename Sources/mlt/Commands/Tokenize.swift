// mlt tokenize: text to ids and back, and conversations through the chat template.

import ArgumentParser
import Glibc
import SafeIO
import Tokenization
import WeightFiles

/// The command `mlt tokenize`.
struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn text into tokens and back; render conversations.",
    discussion: """
      --model is a model folder, a folder with a tokenizer, or the file of one: tokenizer.json, a tokenizer.model of \
      SentencePiece, a tiktoken file, vocab.json beside merges.txt. In a file for --input each line is \
      a JSON object: {"text": …}, also with "pair", gives {"ids": […], "tokens": […]}; with --decode {"ids": […]} \
      gives {"text": …}. A file for --chat holds {"messages": […], "tools": […], "add_generation_prompt": true} \
      and any variables of the template; "now", such as 2025-03-04T05:06:07, sets the clock that it sees.

      EXAMPLE
        mlt tokenize --model base "Once upon a time"
        mlt tokenize --model base --input texts.jsonl --json --offsets
        mlt tokenize --model base --decode "1 438 29" --skip-special-tokens
        mlt tokenize --model base --chat conversation.json
      """)

  @Option(help: ArgumentHelp("Model folder, tokenizer folder or tokenizer's file.", valueName: "path"))
  var model: String

  @Option(
    help: ArgumentHelp(
      "How a tiktoken file's texts are split (cl100k_base, o200k_base, llama3, qwen, …), where its name does not tell.",
      valueName: "name"))
  var split: String?

  @Argument(help: "The text; with --decode the ids, with spaces or commas between them.")
  var text: String?

  @Option(help: ArgumentHelp("A JSONL file of texts, or of ids with --decode.", valueName: "file"))
  var input: String?

  @Option(help: ArgumentHelp("A conversation to render with the chat template.", valueName: "file"))
  var chat: String?

  @Flag(help: "The file for --chat has one conversation a line.")
  var jsonl = false

  @OptionGroup var chatTemplate: ChatTemplateOptions

  @Flag(help: "Turn ids into text.")
  var decode = false

  @Flag(help: "Leave special tokens out of the text.")
  var skipSpecialTokens = false

  @Flag(help: "Put no special tokens around a text.")
  var noSpecialTokens = false

  @Flag(help: "Read special tokens that stand in a text as text.")
  var splitSpecialTokens = false

  @Flag(
    help: "Make the lines of --input equally long, as the tokenizer's file says, and mark what is padding.")
  var pad = false

  @Flag(help: "Say where each token comes from, in code points of the text.")
  var offsets = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard [text, input, chat].filter({ $0 != nil }).count == 1 else {
      throw ValidationError("Give one of a text, --input and --chat.")
    }
    if chat == nil, chatTemplate.chatTemplate != nil || chatTemplate.chatTemplateArguments != nil {
      throw ValidationError("--chat-template and --chat-template-args go with --chat.")
    }
    if jsonl && chat == nil { throw ValidationError("--jsonl goes with --chat.") }
    if chat != nil && (decode || offsets || noSpecialTokens || splitSpecialTokens) {
      throw ValidationError(
        "--decode, --offsets, --no-special-tokens and --split-special-tokens do not go with --chat.")
    }
    if pad && (input == nil || decode) { throw ValidationError("--pad goes with --input, without --decode.") }
    if skipSpecialTokens && !decode { throw ValidationError("--skip-special-tokens goes with --decode.") }
    if decode && (offsets || noSpecialTokens || splitSpecialTokens) {
      throw ValidationError(
        "--offsets, --no-special-tokens and --split-special-tokens do not go with --decode.")
    }
  }

  func run() throws {
    _ = common.start()
    let tokenizer = try Tokenizer.load(directory: model, splitRule: split)
    if let chat {
      try render(chat, tokenizer)
    } else if let input {
      var lines = try JSONLines(path: input)
      var batch: [Encoding] = []
      while let (line, place) = try lines.next() {
        if decode {
          try show(ids: ids(in: line, place), tokenizer)
        } else if pad {
          batch.append(try encoding(of: line, place, tokenizer))
        } else {
          show(try encoding(of: line, place, tokenizer))
        }
      }
      if pad { try tokenizer.batchPadding().pad(&batch) }
      for encoding in batch { show(encoding) }
    } else if decode {
      try show(ids: ids(listedIn: text ?? ""), tokenizer)
    } else {
      try show(text ?? "", tokenizer)
    }
  }

  // MARK: Encoding

  private func show(_ text: String, _ tokenizer: Tokenizer) throws {
    let encoding = try tokenizer.encode(text, addSpecialTokens: !noSpecialTokens, special: reading)
    if common.json {
      Console.print(json: record(of: encoding))
      return
    }
    let rows = encoding.ids.indices.map { index in
      let place = encoding.offsets[index]
      let row = [String(encoding.ids[index]), JSON.string(encoding.tokens[index]).text()]
      return offsets ? row + ["\(place.lowerBound)", "\(place.upperBound)"] : row
    }
    Console.print(Console.table(["id", "token"] + (offsets ? ["start", "end"] : []), rows))
  }

  private var reading: SpecialTokenReading { splitSpecialTokens ? .nowhere : .everywhere }

  private func encoding(of line: JSON, _ place: String, _ tokenizer: Tokenizer) throws -> Encoding {
    let fields = try Fields(line, source: place)
    return try tokenizer.encode(
      fields.string("text"), pair: fields.optionalString("pair"), addSpecialTokens: !noSpecialTokens,
      special: reading)
  }

  /// One line of the input: a JSON object with `--json`, else its ids.
  private func show(_ encoding: Encoding) {
    if common.json {
      Console.print(json: record(of: encoding))
    } else {
      Console.print(encoding.ids.map { String($0) }.joined(separator: " "))
    }
  }

  private func record(of encoding: Encoding) -> JSON {
    var record: JSONObject = [
      "ids": .array(encoding.ids.map { .integer(Int($0)) }),
      "tokens": .array(encoding.tokens.map { .string($0) }),
    ]
    if pad {
      record["attention_mask"] = .array(
        encoding.ids.indices.map { encoding.padding.contains($0) ? 0 : 1 })
    }
    if offsets {
      record["offsets"] = .array(
        encoding.offsets.map { .array([.integer($0.lowerBound), .integer($0.upperBound)]) })
    }
    return .object(record)
  }

  // MARK: Decoding

  private func show(ids: [Int32], _ tokenizer: Tokenizer) {
    let text = tokenizer.decode(ids, skipSpecialTokens: skipSpecialTokens)
    if common.json {
      Console.print(json: ["text": .string(text)])
    } else {
      // On a terminal without what could drive it; a file gets the text to the byte.
      Console.print(isTerminal ? Console.clean(text) : text)
    }
  }

  private func ids(in line: JSON, _ place: String) throws -> [Int32] {
    let fields = try Fields(line, source: place)
    return try fields.array("ids").map { entry in
      guard let id = entry.intValue.flatMap({ Int32(exactly: $0) }), id >= 0 else {
        throw fields.complaint("ids", "\(entry.text().prefix(40)) is no id")
      }
      return id
    }
  }

  private func ids(listedIn text: String) throws -> [Int32] {
    try text.split(whereSeparator: { " ,[]\n\t".contains($0) }).map { word in
      guard let id = Int32(word), id >= 0 else { throw Failure.usage("'\(word.prefix(40))' is no token id") }
      return id
    }
  }

  // MARK: Conversations

  private func render(_ path: String, _ tokenizer: Tokenizer) throws {
    let holdsTemplate = try Files.isDirectory(model) || GGUFFile.of(model: model) != nil
    let folder = holdsTemplate ? model : Files.parent(of: model)
    guard let template = try chatTemplate.template(ChatTemplate.load(directory: folder)) else {
      throw Failure.badData(
        folder,
        "has no chat template, neither chat_template.jinja nor in tokenizer_config.json; name a file with "
          + "--chat-template")
    }
    if jsonl {
      var lines = try JSONLines(path: path)
      while let (line, place) = try lines.next() { try show(line, place, template, tokenizer) }
    } else {
      try show(JSON.read(path: path), path, template, tokenizer)
    }
  }

  private func show(_ json: JSON, _ place: String, _ template: ChatTemplate, _ tokenizer: Tokenizer) throws {
    let conversation = try Conversation(json, source: place, variables: chatTemplate.variables())
    let text = try conversation.render(template, tokenizer)
    guard common.json else {
      printExactly(text, endsLine: jsonl)
      return
    }
    // A template writes all special tokens itself.
    let ids = try tokenizer.encode(text, addSpecialTokens: false).ids
    Console.print(json: ["text": .string(text), "ids": .array(ids.map { .integer(Int($0)) })])
  }

  /// The text to the byte, so that a file has the prompt itself; on a terminal without what could drive it.
  private func printExactly(_ text: String, endsLine: Bool) {
    let shown = isTerminal ? Console.clean(text) : text
    Console.stream((isTerminal || endsLine) && !shown.hasSuffix("\n") ? shown + "\n" : shown)
  }

  private var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
}
