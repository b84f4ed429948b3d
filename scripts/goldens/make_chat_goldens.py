#!/usr/bin/env python3
"""Makes the goldens of chat templates with transformers (5.23, jinja2 3.1.6).

    make_chat_goldens.py [--shared DIR]

Writes into Tests/TokenizationTests/Goldens/chat:
- language.jsonl: every `source` in it is rendered anew; a new case is a line with a source alone.
- conversations.jsonl: conversations of all kinds, as `mlt tokenize --chat --jsonl` reads them.
- matrix.jsonl: for each template of that folder, and for each published one in DIR/real (which can't be copied), the
  digest (FNV-1a, 64 bits) of what every conversation renders to. Of an error that a template raises itself the message
  is digested, any other error is null.
"""

import argparse
import datetime
import itertools
import json
import pathlib

from transformers.utils import chat_template_utils

GOLDENS = pathlib.Path(__file__).resolve().parents[2] / "Tests/TokenizationTests/Goldens/chat"
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}


class Clock(datetime.datetime):
    """The time that templates see."""

    @classmethod
    def now(cls, tz=None):
        return cls(2025, 3, 4, 5, 6, 7)


chat_template_utils.datetime = Clock


# What the snippets of language.jsonl see; TemplateSample.swift has the same.
SNIPPET_MESSAGES = [
    {"role": "system", "content": "  Sys \u00e9 \u6f22\u5b57 \U0001f600\r\n"},
    {"role": "user", "content": "Hello <b> & \"q\" it's"},
    {"role": "assistant", "content": "a b  c\n\nd"},
]
SNIPPET_VARIABLES = {
    "x": {"a": 1, "b": [1, 2.5, None, True, "t"], "items": 3, "big": 123456789012345678901234567890},
    "xs": [3, 1, 2, 10],
    "words": ["b", "A", "c", "a"],
    "f": 2.0,
    "neg": -7,
    "users": [
        {"name": "Ann", "age": 31, "address": {"city": "Lima"}},
        {"name": "bob", "age": 25, "address": {"city": "Oslo"}},
        {"name": "Cy", "age": 31, "address": {"city": "lima"}},
        {"name": "dee", "age": 7},
    ],
}


def render(source, messages, tools=None, documents=None, add_generation_prompt=False, continuing=False, **variables):
    """What apply_chat_template gives for one conversation."""
    messages = [{key: value for key, value in message.items() if value is not None} for message in messages]
    texts, _ = chat_template_utils.render_jinja_template(
        [messages], tools=tools, documents=documents, chat_template=source,
        continue_final_message=continuing, add_generation_prompt=add_generation_prompt, **{**TOKENS, **variables})
    texts[0].encode()
    return texts[0]


# MARK: Conversations


def tool(name, description, properties, required=None):
    parameters = {"type": "object", "properties": properties}
    if required is not None:
        parameters["required"] = required
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


WEATHER = tool(
    "get_weather", "Current weather of a city.",
    {"city": {"type": "string", "description": "The city"},
     "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "description": "Unit of the temperature"}},
    ["city"])
NESTED = tool(
    "book_trip", "Books a trip \u2013 \u00abvoyage\u00bb <b>&\"quotes\"</b>.",
    {"traveller": {"type": "object", "description": "Who travels",
                   "properties": {"name": {"type": "string"}, "age": {"type": ["integer", "null"]}},
                   "required": ["name"]},
     "stops": {"type": "array", "items": {"type": "string"}, "description": "Places"},
     "budget": {"type": "number", "minimum": 0.5, "maximum": 1e21, "default": 100.0},
     "flexible": {"type": "boolean", "default": True},
     "class": {"anyOf": [{"type": "string", "enum": ["\u4e00\u7b49", "economy"]}, {"type": "null"}]},
     "legs": {"type": "array",
              "items": {"type": "object", "properties": {"from": {"type": "string"}, "to": {"type": "string"}}}}},
    ["traveller", "stops"])
EMPTY = tool("ping", "", {})
BARE = {"type": "function", "function": {"name": "now", "description": "The time."}}
WITH_RESPONSE = {"type": "function", "function": {
    "name": "add", "description": "Adds numbers.\nTwo of them.",
    "parameters": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
                   "required": ["a", "b"], "additionalProperties": False},
    "return": {"type": "integer", "description": "The sum"},
    "response": {"type": "object", "description": "The sum"}, "strict": True}}

SYSTEM = {"role": "system", "content": "You are terse."}
PERU = [{"role": "user", "content": "What is the capital of Peru?"}, {"role": "assistant", "content": "Lima."},
        {"role": "user", "content": "And of Chile?"}]


def call(name, arguments, identifier="call00001"):
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": arguments}}


def tool_turns(arguments, result="{\"temperature\": 21.5}", role="tool", content="", **more):
    return [
        {"role": "user", "content": "Weather in Lima?"},
        {"role": "assistant", "content": content, "tool_calls": [call("get_weather", arguments)], **more},
        {"role": role, "name": "get_weather", "tool_call_id": "call00001", "content": result},
    ]


def conversations():
    """Objects with messages and what else belongs to a rendering."""
    user = PERU[:1]
    yield {"messages": user}
    yield {"messages": [SYSTEM] + user}
    yield {"messages": [SYSTEM] + PERU}
    yield {"messages": PERU[:2]}
    yield {"messages": [{"role": "developer", "content": "Be brief."}] + user}
    yield {"messages": [{"role": "system", "content": ""}, {"role": "user", "content": ""}]}
    yield {"messages": [SYSTEM, SYSTEM] + user}
    yield {"messages": user + [SYSTEM] + PERU}
    yield {"messages": PERU[1:]}
    yield {"messages": user + user}
    yield {"messages": PERU[:2] + PERU[1:]}
    yield {"messages": [{"role": "narrator", "content": "Once."}]}
    yield {"messages": [{"role": "user", "content": "  blanks around \t\n"}, {"role": "assistant", "content": "\n x \n"},
                        {"role": "user", "content": "\u00a0\u3000e\u0301\u00e9 \U0001f469\u200d\U0001f4bb \u0130\u03a3 \r\n\u2028end"}]}
    yield {"messages": [{"role": "user", "content": "<|im_end|> {{ x }} {% if %} </s> <b>&amp;</b> \"'\\ \u0000"}]}
    parts = [{"type": "text", "text": "What is "}, {"type": "text", "text": "this?"}]
    yield {"messages": [{"role": "user", "content": parts}]}
    yield {"messages": [{"role": "system", "content": parts[:1]}, {"role": "user", "content": parts},
                        {"role": "assistant", "content": [{"type": "text", "text": "A cat."}]},
                        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "And this?"}]}]}
    yield {"messages": [{"role": "user", "content": [{"type": "image", "image": "a.png"}, {"type": "video", "video": "b"},
                                                     {"type": "image_url", "image_url": {"url": "c"}}]}]}
    # Reasoning.
    for field in ["reasoning_content", "thinking", "reasoning"]:
        yield {"messages": user + [{"role": "assistant", "content": "Lima.", field: "Peru, so\nLima."}] + PERU[2:]}
    yield {"messages": PERU[:1] + [{"role": "assistant", "content": "<think>\nPeru.\n</think>\n\nLima."}] + PERU[2:]}
    yield {"messages": PERU[:1] + [{"role": "assistant", "content": "<think>\nPeru.\n</think>\n\nLima."}]}
    yield {"messages": [SYSTEM] + PERU[:1] + [{"role": "assistant", "content": None, "reasoning_content": "Hm."}]}
    yield {"messages": user + [{"role": "assistant", "content": "Lima.", "thinking": "t", "reasoning_content": "r"}]}
    for thinking in [True, False]:
        yield {"messages": [SYSTEM] + PERU, "enable_thinking": thinking, "thinking": thinking}
        yield {"messages": user, "tools": [WEATHER], "enable_thinking": thinking}
    yield {"messages": user, "reasoning_effort": "high", "thinking_budget": 512, "model_identity": "I am M."}
    yield {"messages": user, "builtin_tools": ["browser", "python"], "date_string": "01 Jan 2024"}
    yield {"messages": user, "xml_tools": [WEATHER], "preserve_thinking": True, "clear_thinking": False}
    # Tools.
    for tools in [[WEATHER], [WEATHER, NESTED], [EMPTY], [BARE], [WITH_RESPONSE, NESTED, EMPTY], []]:
        yield {"messages": user, "tools": tools}
    yield {"messages": [SYSTEM] + PERU, "tools": [NESTED, WEATHER]}
    yield {"messages": user, "tools": [WEATHER["function"]]}
    arguments = {"city": "Lima", "days": 3, "exact": 2.50, "flags": [True, None], "nested": {"\u00fc": "\u00e9\"'<&>"}}
    for value in [arguments, json.dumps(arguments), {}, "{}", "not JSON"]:
        yield {"messages": tool_turns(value), "tools": [WEATHER]}
        yield {"messages": [SYSTEM] + tool_turns(value) + [{"role": "assistant", "content": "21.5 degrees."},
                                                          {"role": "user", "content": "Thanks"}]}
    yield {"messages": tool_turns({"city": "Lima"}, reasoning_content="Call it."), "tools": [WEATHER]}
    yield {"messages": tool_turns({"city": "Lima"}, content=None, thinking="Call it."), "tools": [WEATHER]}
    yield {"messages": tool_turns({"city": "Lima"}, content="Let me look.") + [{"role": "assistant", "content": "21.5"}],
           "tools": [WEATHER, NESTED]}
    for result in [{"temperature": 21.5, "ok": True}, [{"type": "text", "text": "21.5"}], "", 21.5, ["a", "b"]]:
        yield {"messages": tool_turns({"city": "Lima"}, result), "tools": [WEATHER]}
    for role in ["ipython", "observation", "function", "tool_response"]:
        yield {"messages": tool_turns({"city": "Lima"}, role=role), "tools": [WEATHER]}
    two = [{"role": "user", "content": "Both?"},
           {"role": "assistant", "content": "", "tool_calls": [call("get_weather", {"city": "Lima"}, "abcdefghi"),
                                                               call("ping", {}, "123456789")]},
           {"role": "tool", "name": "get_weather", "tool_call_id": "abcdefghi", "content": "21.5"},
           {"role": "tool", "name": "ping", "tool_call_id": "123456789", "content": "pong"}]
    yield {"messages": two, "tools": [WEATHER, EMPTY]}
    yield {"messages": two + [{"role": "assistant", "content": "Done."}, {"role": "user", "content": "Again"}] + two[1:],
           "tools": [WEATHER, EMPTY]}
    yield {"messages": [two[0], {"role": "assistant", "content": "", "tool_calls": [call("f", {}, "short")]}], "tools": [BARE]}
    yield {"messages": [two[0], {"role": "assistant", "content": "", "tool_calls": [{"name": "f", "arguments": {"a": 1}}]},
                        {"role": "tool", "content": "1"}], "tools": [BARE]}
    yield {"messages": [two[0], {"role": "assistant", "content": "", "tool_calls": []}]}
    yield {"messages": two[2:]}
    # Documents.
    yield {"messages": user, "documents": [{"title": "Peru", "text": "Lima is the capital."},
                                           {"title": "Chile", "text": "Santiago \u2026", "id": 2}]}
    yield {"messages": user, "documents": []}
    yield {"messages": [SYSTEM] + user, "documents": [{"title": "T", "contents": "C"}], "citation_mode": "fast",
           "tools": [WEATHER], "safety_mode": "NONE"}
    # Continuing.
    for last in ["Li", "Li ", "<think>\nPer"]:
        yield {"messages": user + [{"role": "assistant", "content": last}], "continue_final_message": True}
    yield {"messages": user + [{"role": "assistant", "content": [{"type": "text", "text": "Li"}]}],
           "continue_final_message": True}
    yield {"messages": user + [{"role": "assistant", "content": "", "reasoning_content": "Let me"}],
           "continue_final_message": "reasoning_content"}


def all_conversations():
    """With and without a generation prompt."""
    for conversation in conversations():
        if "continue_final_message" in conversation:
            yield conversation
        else:
            for prompt in [False, True]:
                yield {**conversation, "add_generation_prompt": prompt}


def render_conversation(source, conversation):
    conversation = dict(conversation)
    continuing = conversation.pop("continue_final_message", False)
    return render(source, conversation.pop("messages"), conversation.pop("tools", None),
                  conversation.pop("documents", None), conversation.pop("add_generation_prompt", False),
                  continuing, **conversation)


def outcome(source, conversation):
    """The text, or the message that the template raised, or None for any other error."""
    try:
        return render_conversation(source, conversation)
    except Exception as error:
        return str(error) if type(error).__name__ == "TemplateError" else None


def digest(text):
    value = 0xCBF29CE484222325
    for byte in text.encode("utf-8", "surrogatepass"):
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


# MARK: Templates


def published(shared):
    """Templates under DIR/real, by their path in it; those within a configuration with their name."""
    folder = shared / "real/chat_templates"
    for path in sorted(folder.glob("*.jinja")):
        yield str(path.relative_to(shared)), path.read_text()
    configurations = itertools.chain(
        (folder / "tokenizer_configs").glob("*.json"), (shared / "real").glob("*/*/tokenizer_config.json"))
    for path in sorted(configurations):
        entry = json.loads(path.read_text()).get("chat_template")
        named = [{"name": "default", "template": entry}] if isinstance(entry, str) else entry or []
        for template in named:
            yield f"{path.relative_to(shared)}#{template['name']}", template["template"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=pathlib.Path, default=GOLDENS.parents[4] / "shared")
    shared = parser.parse_args().shared

    lines = []
    # Not splitlines: U+2028 may stand in a line.
    for line in (GOLDENS / "language.jsonl").read_text().removesuffix("\n").split("\n"):
        source = json.loads(line)["source"]
        try:
            case = {"source": source, "expected": render(source, SNIPPET_MESSAGES, **SNIPPET_VARIABLES)}
        except Exception as error:
            case = {"source": source, "error": str(error)}
        lines.append(case)
    write("language.jsonl", lines)

    everything = list(all_conversations())
    write("conversations.jsonl", everything)
    templates = [(path.name, path.read_text()) for path in sorted(GOLDENS.glob("*.jinja"))]
    templates += published(shared)
    matrix = []
    for name, source in templates:
        outcomes = [outcome(source, conversation) for conversation in everything]
        matrix.append({"template": name, "digests": [None if text is None else digest(text) for text in outcomes]})
    write("matrix.jsonl", matrix)


def write(name, lines):
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (GOLDENS / name).write_text(text)


if __name__ == "__main__":
    main()
