// mlt tokenize from end to end: the forms that other programs rely on, and what bad input gets.

import SafeIO
import TestSupport
import Testing

@Suite struct TokenizeTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try scratch.write(
      """
      {"added_tokens": [{"id": 5, "content": "<s>", "special": true}],
       "post_processor": {"type": "TemplateProcessing",
         "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
         "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "<s>", "type_id": 1}},
                  {"Sequence": {"id": "B", "type_id": 1}}],
         "special_tokens": {"<s>": {"id": "<s>", "ids": [5], "tokens": ["<s>"]}}},
       "decoder": {"type": "Fuse"},
       "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, " ": 2, "ab": 3, "é": 4}, "merges": ["a b"]}}
      """, "model/tokenizer.json")
    try scratch.write(#"{"bos_token": "<s>"}"#, "model/tokenizer_config.json")
    try scratch.write(
      "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}{{ mark }}"
        + "{% if add_generation_prompt %}{{ strftime_now('%Y') }}{% endif %}", "model/chat_template.jinja")
  }

  private func run(_ arguments: String...) throws -> Mlt.Run {
    try Mlt.run(["tokenize", "--model", "model"] + arguments, in: scratch.path)
  }

  @Test func `a text is shown as a table of ids and tokens`() throws {
    let run = try run("ab é", "--offsets")
    #expect(run.status == 0)
    #expect(
      run.stdout == """
        id  token  start  end
         5  "<s>"      0    0
         3  "ab"       0    2
         2  " "        2    3
         4  "é"        3    4

        """)
    #expect(run.stderr == "")
  }

  @Test func `json has ids and tokens, and offsets when asked`() throws {
    #expect(try run("ab", "--json").stdout == "{\"ids\": [5, 3], \"tokens\": [\"<s>\", \"ab\"]}\n")
    let bare = try run("abé", "--json", "--no-special-tokens", "--offsets")
    #expect(bare.stdout == "{\"ids\": [3, 4], \"tokens\": [\"ab\", \"é\"], \"offsets\": [[0, 2], [2, 3]]}\n")
  }

  @Test func `each line of a file gives a line`() throws {
    try scratch.write(
      "{\"text\": \"ab\"}\n\n{\"text\": \"a\", \"pair\": \"b\"}\r\n{\"text\": \"\"}", "in.jsonl")
    let json = try run("--input", "in.jsonl", "--json")
    #expect(
      json.stdout == """
        {"ids": [5, 3], "tokens": ["<s>", "ab"]}
        {"ids": [0, 5, 1], "tokens": ["a", "<s>", "b"]}
        {"ids": [5], "tokens": ["<s>"]}

        """)
    #expect(try run("--input", "in.jsonl").stdout == "5 3\n0 5 1\n5\n")
  }

  @Test func `ids become text`() throws {
    try scratch.write("{\"ids\": [5, 3, 99]}\n{\"ids\": []}\n", "ids.jsonl")
    let all = try run("--input", "ids.jsonl", "--decode", "--json")
    #expect(all.stdout == "{\"text\": \"<s>ab\"}\n{\"text\": \"\"}\n")
    #expect(try run("--decode", "[5, 3, 4]", "--skip-special-tokens").stdout == "abé\n")
  }

  @Test func `a conversation goes through the template`() throws {
    let conversation = #"{"messages": [{"role": "user", "content": "ab"}], "mark": "é"}"#
    try scratch.write(conversation, "chat.json")
    #expect(try run("--chat", "chat.json").stdout == "<s>abé")
    #expect(try run("--chat", "chat.json", "--json").stdout == "{\"text\": \"<s>abé\", \"ids\": [5, 3, 4]}\n")
    try scratch.write("\(conversation)\n\(conversation)\n", "chats.jsonl")
    #expect(try run("--chat", "chats.jsonl", "--jsonl").stdout == "<s>abé\n<s>abé\n")
    try scratch.write(
      #"{"messages": [{"content": "a"}], "add_generation_prompt": true, "now": "1999-12-31T23:59:59"}"#,
      "now.json")
    #expect(try run("--chat", "now.json").stdout == "<s>a1999")
  }

  @Test func `another template and its variables come from the command line`() throws {
    try scratch.write(#"{"messages": [{"role": "user", "content": "ab"}], "mark": "é"}"#, "chat.json")
    #expect(try run("--chat", "chat.json", "--chat-template-args", #"{"mark": "a"}"#).stdout == "<s>aba")
    try scratch.write("{{ mark }}{{ messages[0].role }}", "other.jinja")
    #expect(try run("--chat", "chat.json", "--chat-template", "other.jinja").stdout == "éuser")
    try scratch.write("named", "model/additional_chat_templates/rag.jinja")
    #expect(try run("--chat", "chat.json", "--chat-template", "rag").stdout == "named")
    let missing = try run("--chat", "chat.json", "--chat-template", "none")
    #expect(missing.status == 64 && missing.stderr.contains("the model has the templates default, rag"))
    for arguments in ["[1]", "{"] {
      #expect(try run("--chat", "chat.json", "--chat-template-args", arguments).status != 0)
    }
    try scratch.write("a\n{{ raise_exception('No user, no answer.') }}", "raising.jinja")
    let raised = try run("--chat", "chat.json", "--chat-template", "raising.jinja")
    #expect(raised.status == 65)
    #expect(raised.stderr.contains("raising.jinja: line 2, column 4: No user, no answer."))
  }

  @Test func `a tokenizer is named by its file too`() throws {
    let run = try Mlt.run(
      ["tokenize", "--model", "tokenizer.json", "ab", "--json"], in: "\(scratch.path)/model")
    #expect(run.stdout.hasPrefix("{\"ids\": [5, 3]"))
  }

  @Test(arguments: [
    (
      "{\"text\": \"a\"}\n{\"text\": 1}\n",
      "lines.jsonl: line 2: key 'text': expected a string, found an integer"
    ),
    ("{\"text\": \"a\"}\n{\"text\"\n", "lines.jsonl: line 2: line 1, column 8: expected ':' after a key"),
    ("[]\n", "lines.jsonl: line 1: expected an object with keys, found an array"),
    ("{}\n", "lines.jsonl: line 1: key 'text': is missing"),
  ])
  func `a bad line is named by file and number`(content: String, problem: String) throws {
    try scratch.write(content, "lines.jsonl")
    let run = try run("--input", "lines.jsonl", "--json")
    #expect(run.status == 65)
    #expect(run.stderr.hasPrefix("mlt: \(problem)"), "\(run.stderr)")
  }

  @Test(
    arguments: [
      (["--decode", "1 x"], 64, "'x' is no token id"),
      (["--input", "none.jsonl"], 66, "none.jsonl: no such file"),
      ([], 64, "Give one of a text, --input and --chat."),
      (["a", "--jsonl"], 64, "--jsonl goes with --chat."),
      (["--chat", "bad.json"], 65, "bad.json: key 'messages': is missing"),
      (["--chat", "empty.json"], 65, "empty.json: key 'messages': the conversation is empty"),
    ] as [([String], Int32, String)])
  func `what can't be done is said in one sentence`(arguments: [String], status: Int32, problem: String)
    throws
  {
    try scratch.write("{}", "bad.json")
    try scratch.write("{\"messages\": []}", "empty.json")
    let run = try Mlt.run(["tokenize", "--model", "model"] + arguments, in: scratch.path)
    #expect(run.status == status)
    #expect(run.stderr.contains(problem), "\(run.stderr)")
    #expect(run.stdout == "")
  }

  @Test func `a folder without template or tokenizer is told`() throws {
    try scratch.write("{\"messages\": [{\"content\": \"a\"}]}", "chat.json")
    try Files.removeTree("\(scratch.path)/model/chat_template.jinja")
    let noTemplate = try run("--chat", "chat.json")
    #expect(noTemplate.status == 65 && noTemplate.stderr.contains("has no chat template"))
    try Files.removeTree("\(scratch.path)/model/tokenizer.json")
    let noTokenizer = try run("a")
    #expect(noTokenizer.status == 66)
    #expect(noTokenizer.stderr == "mlt: model/tokenizer.json: no such file; the folder has no tokenizer\n")
  }
}
