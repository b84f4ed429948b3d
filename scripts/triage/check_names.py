#!/usr/bin/env python3
"""Checks that the name pools share no word with each other, nor with any file of the fixtures.

    python3 scripts/triage/check_names.py data/fixtures
"""

import os
import re
import sys

from names import TEST_NOUNS, TEST_SYLLABLES, TEST_VERBS, TRAIN_NOUNS, TRAIN_SYLLABLES, TRAIN_VERBS


def words_of(folder):
    """Every word of the folder's files and of their names, in lower case, without a plural s."""
    found = set()
    for place, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(place, name), encoding="utf-8") as file:
                found |= {word.lower().removesuffix("s") for word in re.findall("[A-Za-z]+", f"{place} {name} {file.read()}")}
    return found


def main():
    train, test = set(TRAIN_NOUNS + TRAIN_VERBS), set(TEST_NOUNS + TEST_VERBS)
    problems = [f"'{word}' is in both pools" for word in sorted(train & test)]
    problems += [f"syllable '{part}' is in both pools" for part in sorted(set(TRAIN_SYLLABLES) & set(TEST_SYLLABLES))]
    fixtures = words_of(sys.argv[1])
    problems += [f"'{word}' is a word of the fixtures" for word in sorted(train | test) if word.removesuffix("s") in fixtures]
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
