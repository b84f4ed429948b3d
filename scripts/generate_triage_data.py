#!/usr/bin/env python3
"""Generates the embedded model's data: small repositories, each with one known fault or none.

    python3 scripts/generate_triage_data.py base       --model recipes/embedded-model --out out/embedded-data
    python3 scripts/generate_triage_data.py lora       --model recipes/embedded-model --out data
    python3 scripts/generate_triage_data.py perplexity --model recipes/embedded-model --out data/perplexity.jsonl
    python3 scripts/generate_triage_data.py suite      --out out/held-out --split test --count 40

`base` writes train.jsonl and valid.jsonl for training from random weights: the eight base families, and clean
repositories. `lora` writes train.jsonl and valid.jsonl with the three new families and a replay of the base.
`perplexity` writes texts in the same form without answers. `suite` writes a folder of fixtures for `mlt eval`.

Training data uses the names of the training pool; validation, perplexity and suites those of the test pool (see
triage/names.py). Only the Python standard library is needed; the same seed and version give the same bytes.
"""

import argparse
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "triage"))

import bpe  # noqa: E402
import suites  # noqa: E402
from rendering import plain_text, training_sequence  # noqa: E402
from repository import BASE_LABELS, NEW_LABELS, make  # noqa: E402

WEIGHTS = {"bug": 4.0, "ok": 1.0, "label": 1.0, "language": 0.05}
# A quarter of the other tokens is learned a little, so that the model knows what the text is like.
LANGUAGE_SHARE = 0.25
CLEAN_SHARE = 0.08
TOKEN_LIMIT = 1024


def base_repositories(rng, count, split):
    """`count` repositories of the base families, one in twelve without a fault."""
    for _ in range(count):
        label = None if rng.random() < CLEAN_SHARE else rng.choice(BASE_LABELS)
        yield make(random.Random(rng.getrandbits(64)), split, label)


def records(repositories, tokenizer, rng):
    """Training records of repositories that fit the context."""
    for repository in repositories:
        record = training_sequence(repository, tokenizer, rng, LANGUAGE_SHARE, WEIGHTS)
        if record is not None and len(record["input_ids"]) <= TOKEN_LIMIT:
            yield record


def write_lines(path, objects):
    """One JSON object a line; returns how many, and their tokens."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    count, tokens = 0, 0
    with open(path, "w", encoding="utf-8") as file:
        for value in objects:
            file.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
            tokens += len(value.get("input_ids", []))
    print(f"{path}: {count} records" + (f", {tokens} tokens" if tokens else ""))


def generate_base(arguments, tokenizer):
    rng = random.Random(arguments.seed)
    for name, count, split in [("train", arguments.count or 16000, "train"), ("valid", 240, "test")]:
        repositories = base_repositories(rng, count, split)
        write_lines(f"{arguments.out}/{name}.jsonl", records(repositories, tokenizer, rng))


def generate_lora(arguments, tokenizer):
    """100 of each new family and twice as many of the base, in random order."""
    rng = random.Random(arguments.seed + 1)
    for name, new, split in [("train", arguments.count or 100, "train"), ("valid", 10, "test")]:
        labels = [label for label in NEW_LABELS for _ in range(new)]
        replay = len(labels) * 2
        repositories = [make(random.Random(rng.getrandbits(64)), split, label) for label in labels]
        repositories += base_repositories(rng, replay, split)
        rng.shuffle(repositories)
        write_lines(f"{arguments.out}/{name}.jsonl", records(repositories, tokenizer, rng))


def generate_perplexity(arguments, tokenizer):
    rng = random.Random(arguments.seed + 2)
    texts = [plain_text(repository) for repository in base_repositories(rng, arguments.count or 60, "test")]
    write_lines(arguments.out, ({"text": text} for text in texts))


def generate_suite(arguments, _):
    """Fixtures of every family, so that base and LoRA can be compared family by family."""
    rng = random.Random(arguments.seed + 3)
    count = suites.write(arguments.out, rng, arguments.split, arguments.count or 40, BASE_LABELS + NEW_LABELS)
    print(f"{arguments.out}: {count} fixtures")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = {"base": generate_base, "lora": generate_lora, "perplexity": generate_perplexity, "suite": generate_suite}
    parser.add_argument("kind", choices=kinds)
    parser.add_argument("--out", required=True, help="file or folder to write")
    parser.add_argument("--model", help="folder with the tokenizer.json; not needed for a suite")
    parser.add_argument("--count", type=int, help="repositories (lora and suite: of each family)")
    parser.add_argument("--split", choices=["train", "test"], default="test", help="pool of names of a suite")
    parser.add_argument("--seed", type=int, default=20310301)
    arguments = parser.parse_args()
    if arguments.kind in ("base", "lora") and not arguments.model:
        parser.error(f"{arguments.kind} needs --model, for its tokenizer")
    tokenizer = bpe.Tokenizer.load(f"{arguments.model}/tokenizer.json") if arguments.model else None
    kinds[arguments.kind](arguments, tokenizer)


if __name__ == "__main__":
    main()
