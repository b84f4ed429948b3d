// mlt generate from end to end, with a model of random weights.

import Glibc
import SafeIO
import TestSupport
import Testing

@Suite struct GenerateTests {
  private let scratch: Scratch
  private var model: String { "\(scratch.path)/model" }

  init() throws {
    scratch = try Scratch()
    var tiny = TinyModel()
    tiny.chatTemplate =
      "{% for m in messages %}<s>{{ m['role'] }}: {{ m['content'] }}</s>{% endfor %}{% if add_generation_prompt %}<s>assistant: {% endif %}"
    try tiny.write(to: "\(scratch.path)/model")
  }

  private func run(_ arguments: [String], input: String? = nil) throws -> Mlt.Run {
    try Mlt.run(["generate", "--model", model] + arguments, input: input)
  }

  @Test func `text goes to standard output and measurements to standard error`() throws {
    let run = try run(["--prompt", "Hello", "--max-tokens", "8", "--raw"])
    #expect(run.status == 0)
    #expect(run.stdout.hasSuffix("\n"))
    #expect(run.stderr.contains("5 prompt tokens, 8 generated; first after "))
    #expect(run.stderr.contains("tokens/s; peak memory "))
    #expect(try self.run(["--prompt", "Hello", "--max-tokens", "8", "--raw", "--quiet"]).stderr == "")
  }

  @Test func `json holds the text, its tokens and the record, and nothing else is on standard output`() throws
  {
    let run = try run(["--prompt", "Hello", "--max-tokens", "8", "--json", "--temp", "0.9", "--seed", "5"])
    let record = try run.json
    #expect(record["version"] == 1)
    #expect(record["ids"]?.arrayValue?.count == record["output_tokens"]?.intValue)
    #expect(record["text"]?.stringValue != nil)
    for key in [
      "prompt_tokens", "time_to_first_token_seconds", "tokens_per_second", "peak_memory_bytes", "stop_reason",
      "context_length",
    ] {
      #expect(record[key] != nil, "\(key)")
    }
    #expect(record["artifact"]?["name"] == "model")
    #expect(record["generation"]?["seed"] == 5 && record["generation"]?["top_p"] == nil)
    let again = try self.run([
      "--prompt", "Hello", "--max-tokens", "8", "--json", "--temp", "0.9", "--seed", "5", "--threads", "1",
    ])
    #expect(try again.json["ids"] == record["ids"])
  }

  @Test func `a prompt goes through the chat template unless raw is asked for`() throws {
    let templated = try run(["--prompt", "Hi", "--max-tokens", "1", "--verbose"])
    #expect(templated.stderr.contains("prompt: <s>user: Hi</s><s>assistant: \n"))
    let system = try run(["--prompt", "Hi", "--system", "Be brief.", "--max-tokens", "1", "--verbose"])
    #expect(system.stderr.contains("prompt: <s>system: Be brief.</s><s>user: Hi</s><s>assistant: \n"))
    for flag in ["--raw", "--ignore-chat-template"] {
      let raw = try run(["--prompt", "Hi", flag, "--max-tokens", "1", "--verbose"])
      #expect(raw.stderr.contains("prompt: Hi\n"))
    }
    let piped = try run(["--prompt", "-", "--raw", "--max-tokens", "1", "--verbose"], input: "from a pipe")
    #expect(piped.stderr.contains("prompt: from a pipe\n"))
    try scratch.write(
      #"{"messages": [{"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"}]}"#,
      "chat.json")
    let chat = try run(["--chat", "\(scratch.path)/chat.json", "--max-tokens", "1", "--verbose"])
    #expect(chat.stderr.contains("prompt: <s>user: One</s><s>assistant: Two</s><s>assistant: \n"))
  }

  @Test func `an answer may be begun, and the template chosen and fed`() throws {
    let begun = try run(["--prompt", "Hi", "--prefill-response", "Well", "--max-tokens", "1", "--verbose"])
    #expect(begun.stderr.contains("prompt: <s>user: Hi</s><s>assistant: Well\n"))
    let other = try scratch.write("{{ mood }}: {{ messages[0].content }}", "other.jinja")
    let chosen = try run([
      "--prompt", "Hi", "--chat-template", other, "--chat-template-args", #"{"mood": "calm"}"#,
      "--max-tokens", "1",
      "--verbose",
    ])
    #expect(chosen.stderr.contains("prompt: calm: Hi\n"))
    #expect(try run(["--prompt", "Hi", "--raw", "--prefill-response", "a"]).status == 64)
  }

  @Test func `Ctrl-C ends the wait for a prompt`() throws {
    let pipe = scratch.path + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    // Opened for reading and writing, a pipe without a writer neither refuses nor ends.
    let run = try Mlt.run(
      [
        "-c", "exec \"$0\" generate --model \"$1\" --prompt - --max-tokens 1 <> \"$2\"", Mlt.path, model,
        pipe,
      ], executable: "/bin/sh", interruptedAfter: 2)
    #expect(run.status == 130)
    #expect(run.stderr.contains("interrupted"))
  }

  @Test func `text under a schema fits it, whatever the sampling`() throws {
    try scratch.write(
      #"{"type": "object", "required": ["name", "age"], "properties": {"name": {"type": "string", "maxLength": 10}, "age": {"type": "integer", "minimum": 0, "maximum": 120}}}"#,
      "person.json")
    for seed in 0..<4 {
      let run = try run(
        [
          "--prompt", "Who?", "--schema", "\(scratch.path)/person.json", "--temp", "1.5", "--seed", "\(seed)",
          "--json",
        ])
      let record = try run.json
      let value = try JSON.parse(record["text"]?.stringValue ?? "", source: "text")
      #expect((value["name"]?.stringValue?.unicodeScalars.count ?? 99) <= 10)
      #expect((0...120).contains(value["age"]?.intValue ?? -1))
      #expect(record["stop_reason"] == "complete")
    }
  }

  @Test func `the terminal is safe from what a model writes`() throws {
    let run = try run(["--prompt", "x", "--raw", "--temp", "3", "--max-tokens", "400", "--quiet"])
    #expect(run.status == 0)
    #expect(
      !run.stdout.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" && $0 != "\t" || $0.value == 0x7f })
  }

  @Test(
    arguments: [
      (["--prompt", "a", "--temp", "-1"], 64, "temp"),
      (["--prompt", "a", "--max-tokens", "0"], 64, "max-tokens"),
      (["--prompt", "a", "--top-p", "2"], 64, "top-p"), ([], 64, "--prompt"),
      (["--prompt", "a", "--raw", "--system", "b"], 64, "--raw goes without"),
      (["--prompt", "a", "--stop", ""], 64, "stop string"),
      (["--prompt", "a", "--schema", "/nonexistent/schema.json"], 66, "/nonexistent/schema.json"),
      (["--chat", "/nonexistent/chat.json"], 66, "/nonexistent/chat.json"),
      (["--prompt", String(repeating: "long ", count: 200)], 64, "context of 512"),
    ] as [([String], Int32, String)])
  func `a bad request is one sentence and the documented status`(
    arguments: [String], status: Int32, word: String
  ) throws {
    let run = try run(arguments)
    #expect(run.status == status)
    #expect(run.stderr.contains(word), "\(run.stderr)")
    #expect(run.stdout == "")
  }

  @Test func `a broken schema, a missing model and a missing template are told apart`() throws {
    try scratch.write(#"{"type": "string", "pattern": "x"}"#, "s.json")
    let schema = try run(["--prompt", "a", "--schema", "\(scratch.path)/s.json"])
    #expect(schema.status == 65)
    #expect(schema.stderr.contains("keyword 'pattern' is not supported"))
    #expect(try Mlt.run(["generate", "--model", "\(scratch.path)/none", "--prompt", "a"]).status == 66)
    try TinyModel().write(to: "\(scratch.path)/plain")
    let chat = try scratch.write(#"{"messages": [{"role": "user", "content": "One"}]}"#, "chat.json")
    let run = try Mlt.run(["generate", "--model", "\(scratch.path)/plain", "--chat", chat])
    #expect(run.status == 65)
    #expect(run.stderr.contains("no chat template"))
  }

  @Test(.enabled(if: Shared.has("real/models/stories260K/hf"), "needs the shared real models"))
  func `a real model writes its story`() throws {
    let run = try Mlt.run([
      "generate", "--model", Shared.file("real/models/stories260K/hf"), "--prompt", "", "--max-tokens", "40",
    ])
    #expect(run.status == 0)
    #expect(
      run.stdout.hasPrefix("Once upon a time, there was a little girl named Lily. She loved to play outside"))
  }
}
