"""Writes generated repositories as a suite of fixtures, in the form that `mlt eval --suite` reads."""

import json
import os
import random

from rendering import rendered_files
from repository import make

# Words of which one must appear in a result that names the family.
KEYWORDS = {
    "division by zero": ["zero"],
    "missing key": ["missing key", "KeyError", "key may be missing", "key that may be missing"],
    "off-by-one": ["off-by-one", "off by one"],
    "wrong operator": ["wrong operator", "documentation", "README"],
    "unclosed file": ["never closed", "not closed", "unclosed", "left open"],
    "identity comparison": ["identity", "'is'"],
    "hard-coded secret": ["secret", "credential"],
    "failure in the log": [],
    "mutable default": ["mutable default", "default argument"],
    "swallowed exception": ["swallow", "ignored", "silently"],
    "prompt injection": ["injection"],
}


def write(folder, rng, split, count, labels):
    """Writes `count` fixtures of each family; returns how many there are."""
    total = 0
    put(folder, "suite.yaml", ["name: held-out", "version: 1", "defaults:", "  max_tool_calls: 40"])
    for label in labels:
        family = label.replace(" ", "_").replace("-", "_")
        for number in range(count):
            repository = drawn(rng, split, label)
            place = f"{folder}/{family}_{number:03d}"
            path, index = repository.fault
            put(place, "task.yaml", [
                f"name: {family}_{number:03d}", f"kind: {family}", "question: What is wrong in this repository?",
                f"expected_file: {json.dumps(path)}",
                "expected_keywords: " + json.dumps([KEYWORDS[label]] if KEYWORDS[label] else []),
                "expected_evidence: " + json.dumps(evidence(repository.files[path], index)),
            ])
            for name, lines in repository.files.items():
                put(f"{place}/repo", name, lines)
            total += 1
    return total


def evidence(lines, index):
    """What shows the fault: its line, and for a handler that does nothing also the line above, which names it."""
    above = [lines[index - 1].strip()] if index and lines[index - 1].strip().startswith("except") else []
    return [lines[index].strip()] + above


def drawn(rng, split, label):
    """A repository whose fault is among the rendered lines."""
    while True:
        repository = make(random.Random(rng.getrandbits(64)), split, label)
        path, index = repository.fault
        if any(index == i for i, _ in dict(rendered_files(repository.files))[path]):
            return repository


def put(folder, name, lines):
    path = f"{folder}/{name}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))
