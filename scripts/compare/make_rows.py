#!/usr/bin/env python3
"""Writes rows to train on: {"input_ids": …, "labels": …}, random tokens, the same for the same arguments.

    make_rows.py even FILE       64 rows of 512 tokens, all learned
    make_rows.py mixed FILE      64 rows of 32 to 1024 tokens, of which the last fifth is learned, as an answer to a prompt
    make_rows.py long FILE       8 rows of 2048 tokens, all learned
    make_rows.py longer FILE     8 rows of 4096 tokens, all learned

The lengths of the mixed rows are those of instructions: log-normal, with a median of 200 tokens.
"""

import json
import random
import sys

TOKENS = 1000  # the tokenizer knows a few more
IGNORED = -100
KINDS = {"even": (64, 512), "mixed": (64, None), "long": (8, 2048), "longer": (8, 4096)}


def rows(kind):
    rng = random.Random(7)
    count, length = KINDS[kind]
    for _ in range(count):
        size = length or min(max(int(rng.lognormvariate(5.3, 0.8)), 32), 1024)
        prompt = 0 if length else size - max(size // 5, 4)
        ids = [rng.randrange(TOKENS) for _ in range(size)]
        yield {"input_ids": ids, "labels": [IGNORED] * prompt + ids[prompt:]}


def main():
    kind, path = sys.argv[1:3]
    with open(path, "w", encoding="utf-8") as file:
        for row in rows(kind):
            file.write(json.dumps(row, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
