#!/usr/bin/env python3
"""Trains the embedded model's tokenizer on generated repositories and writes tokenizer.json and tokenizer_config.json.

The names in them are invented, so that the vocabulary holds the words of code and logs, and cuts every name into pieces.

    python3 scripts/train_tokenizer.py --out recipes/embedded-model

Only the Python standard library is needed. The same seed and version give the same bytes.
"""

import argparse
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "triage"))

import bpe  # noqa: E402
from generate_triage_data import base_repositories  # noqa: E402
from rendering import rendered_files  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, help="folder that gets the two files")
    parser.add_argument("--size", type=int, default=1024, help="vocabulary without the special tokens")
    parser.add_argument("--repositories", type=int, default=4000, help="how many are read")
    parser.add_argument("--seed", type=int, default=20310301)
    arguments = parser.parse_args()
    texts = [
        text
        for repository in base_repositories(random.Random(arguments.seed), arguments.repositories, "any")
        for path, lines in rendered_files(repository.files)
        for text in [path + "\n"] + [line for _, line in lines] + [repository.label or ""]
    ]
    tokenizer = bpe.Tokenizer(bpe.train(texts, arguments.size))
    os.makedirs(arguments.out, exist_ok=True)
    for name, content in [("tokenizer.json", tokenizer.json()), ("tokenizer_config.json", tokenizer.config_json())]:
        with open(os.path.join(arguments.out, name), "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=1 if name == "tokenizer_config.json" else None)
            file.write("\n")
    print(f"{arguments.out}: {arguments.size} tokens and {len(tokenizer.special)} special ones")


if __name__ == "__main__":
    main()
