"""What a family is made of: pieces of code or text, each perhaps with one faulty line.

A family is a function (rng, names, faulty) -> Piece. With faulty=False it gives the sound twin: the same shape with
the guard, the right operator or the closing in place, so that no word of a shape betrays the fault by itself.
"""

from dataclasses import dataclass, field


@dataclass
class Piece:
    """Lines of one file; `fault` is the index of the faulty one."""

    lines: list
    fault: int | None = None
    hints: list = field(default_factory=list)  # lines for the README that say what should happen
    tests: list = field(default_factory=list)  # lines of a test
    imports: list = field(default_factory=list)


def piece(text_lines, faulty, marker="@@", **extra):
    """Makes a piece; the line that ends in the marker is the fault (when faulty)."""
    lines, fault = [], None
    for line in text_lines:
        if line is None:
            continue
        if line.endswith(marker):
            line = line[: -len(marker)]
            if faulty:
                fault = len(lines)
        lines.append(line)
    if faulty and fault is None:
        raise ValueError("a faulty piece without a marked line")
    return Piece(lines, fault, **extra)


def docstring(rng, text):
    """A docstring line for one in three functions, else nothing."""
    return f'    """{text}"""' if rng.random() < 0.33 else None


def plural(noun):
    """Good enough for identifiers."""
    return noun if noun.endswith("s") else noun + "s"
