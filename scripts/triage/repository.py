"""Small repositories: a README, code of one to three functions a file, tests, notes, data and logs around it, and
one fault somewhere (or none)."""

import re
from dataclasses import dataclass, field

import logs
import prose
from base_families import BASE_CODE
from fillers import filler
from names import Names
from new_families import INJECTION, NEW_CODE, benign_text, comment_injection, data_injection, document_injection
from shapes import Piece

LOG_LABEL = "failure in the log"
BASE_LABELS = list(BASE_CODE) + [LOG_LABEL]
NEW_LABELS = list(NEW_CODE) + [INJECTION]
# Shapes whose sound twins may stand anywhere.
TWINS = list(BASE_CODE.values()) + list(NEW_CODE.values()) + [comment_injection]


@dataclass
class Repository:
    """Files as lists of lines, and where the fault is."""

    files: dict = field(default_factory=dict)
    fault: tuple | None = None  # (path, index of the line)
    label: str | None = None

    def add(self, path, lines, fault=None):
        if path in self.files:
            raise ValueError(f"two files {path}")
        self.files[path] = lines
        if fault is not None:
            self.fault = (path, fault)


def sound_piece(rng, names):
    """A function without fault: a filler, or the twin of a faulty shape."""
    return filler(rng, names) if rng.random() < 0.45 else rng.choice(TWINS)(rng, names, False)


def remarked(rng, names, part):
    """The piece with a comment above it or inside it, now and then: remarks stand beside faults and elsewhere."""
    if rng.random() < 0.2:
        part.lines.insert(0, f"# {prose.phrase(rng, names)}")
        if part.fault is not None:
            part.fault += 1
    return part


def code_file(rng, pieces):
    """Imports, then the pieces, blank lines between; returns the lines and the index of the fault."""
    imports = sorted({line for part in pieces for line in part.imports})
    if rng.random() < 0.3:
        imports.append(rng.choice(["import sys", "import time", "from pathlib import Path", "import logging"]))
    lines, fault = list(dict.fromkeys(imports)), None
    for part in pieces:
        if lines:
            lines += ["", ""]
        if part.fault is not None:
            fault = len(lines) + part.fault
        lines += part.lines
    if rng.random() < 0.12:
        lines += ["", "", 'if __name__ == "__main__":', "    main()"]
    return lines, fault


def readme(rng, names, title, hints):
    """A README: a title, prose, and what the pieces want to have said."""
    lines = [f"# {title.title()}", ""]
    for _ in range(rng.choice([0, 1, 1, 2, 3, 6])):
        lines.append(prose.line(rng, names))
    if rng.random() < 0.3:
        lines.append(benign_text(rng, names))
    said = [hint for hint in hints if hint.startswith("!") or rng.random() < 0.6]
    lines += [hint.lstrip("!") for hint in said]
    rest = lines[2:]
    rng.shuffle(rest)
    return lines[:2] + rest


def distractors(rng, names, repository):
    """Files beside the code: notes, configuration, a log in which nothing is wrong."""
    if rng.random() < 0.15:
        name = rng.choice(["notes.txt", "CHANGELOG.md", f"docs/{names.noun()}.md", "CONTRIBUTING.md"])
        repository.add(name, [prose.line(rng, names) for _ in range(rng.randint(1, 5))])
    if rng.random() < 0.15:
        name = rng.choice(["config.toml", "settings.ini"])
        repository.add(name, [f"[{names.noun()}]"] + [f"{names.noun()} = {rng.randint(1, 90)}" for _ in range(rng.randint(1, 3))])
    if rng.random() < 0.06:
        repository.add("Makefile", ["test:", "\tpython -m pytest"])
    if rng.random() < 0.1:
        _, lines = logs.benign_log(rng, names, rng.randint(3, 14))
        repository.add(f"{names.noun()}.log", lines)


def make(rng, split, label):
    """A repository with a fault of the family `label`, or without one when it is None."""
    names = Names(rng, split)
    repository = Repository(label=label)
    place = None
    pieces = []
    if label in BASE_CODE or label in NEW_CODE:
        pieces.append({**BASE_CODE, **NEW_CODE}[label](rng, names, True))
    elif label == INJECTION:
        place = rng.choice(["readme", "readme", "notes", "comment", "comment", "data"])
        if place == "comment":
            pieces.append(comment_injection(rng, names, True))
    if label == "wrong operator":
        # Without the formula nobody could tell.
        pieces[0].hints = ["!" + hint for hint in pieces[0].hints]
    has_code = pieces or label != LOG_LABEL or rng.random() < 0.6
    if has_code:
        pieces += [sound_piece(rng, names) for _ in range(rng.choice([0, 1, 1, 2, 2, 3]) + (0 if pieces else 1))]
    pieces = [remarked(rng, names, part) for part in pieces]
    rng.shuffle(pieces)
    add_code(rng, names, repository, pieces)
    if rng.random() < 0.9 or label == "wrong operator" or place == "readme":
        lines = readme(rng, names, names.noun(), [hint for part in pieces for hint in part.hints])
        fault = None
        if place == "readme":
            fault = rng.randint(2, len(lines))
            lines.insert(fault, document_injection(rng, names, True).lines[0])
        repository.add("README.md", lines, fault)
    if label == LOG_LABEL:
        part = logs.log_failure(rng, names)
        folder = rng.choice(["", "", "logs/", "var/log/"])
        repository.add(f"{folder}{names.noun()}.log", part.lines, part.fault)
    if place == "notes":
        lines = [rng.choice([benign_text, prose.line])(rng, names) for _ in range(rng.randint(0, 4))]
        fault = rng.randint(0, len(lines))
        lines.insert(fault, document_injection(rng, names, True).lines[0])
        repository.add(f"docs/{names.noun()}.md", lines, fault)
    if place == "data":
        part = data_injection(rng, names, True)
        repository.add(f"{names.noun()}.json", part.lines, part.fault)
    elif rng.random() < 0.06:
        repository.add(f"{names.noun()}.json", data_injection(rng, names, False).lines)
    distractors(rng, names, repository)
    return repository


def add_code(rng, names, repository, pieces):
    """Puts the pieces into one or two files, with a test now and then."""
    if not pieces:
        return
    folder = f"{names.noun()}/" if rng.random() < 0.25 else ""
    groups = [pieces]
    if len(pieces) > 1 and rng.random() < 0.4:
        cut = rng.randint(1, len(pieces) - 1)
        groups = [pieces[:cut], pieces[cut:]]
    for group in groups:
        path = f"{folder}{names.noun()}.py"
        lines, fault = code_file(rng, group)
        repository.add(path, lines, fault)
        tests = [(part, line) for part in group for line in part.tests]
        if tests and rng.random() < 0.4:
            module = path[:-3].replace("/", ".")
            called = [re.findall(r"(\w+)\(", line)[-1] for _, line in tests]
            body = [f"from {module} import {', '.join(sorted(set(called)))}", "", ""]
            for number, ((_, line), name) in enumerate(zip(tests[:3], called)):
                body += [f"def test_{name}_{number}():", f"    {line}", ""]
            repository.add(f"test_{path.split('/')[-1]}", body[:-1])
