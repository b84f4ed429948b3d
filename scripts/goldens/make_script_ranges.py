#!/usr/bin/env python3
"""Prints the table of Sources/Tokenization/Unicode/ScriptRanges.swift: every script and its ranges, as the regex module knows them.

    scripts/goldens/make_script_ranges.py Scripts.txt

Scripts.txt of the Unicode Character Database gives the names; the regex module of PyPI (Unicode 17) gives the ranges.
"""

import sys

import regex


def ranges(text):
    """Runs of code points as "A-B" or "A"."""
    runs = []
    for character in text:
        code = ord(character)
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return " ".join(f"{a:X}" if a == b else f"{a:X}-{b:X}" for a, b in runs)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        lines = [line.split("#")[0].split(";") for line in file]
    names = sorted({line[1].strip() for line in lines if len(line) == 2})
    everything = "".join(chr(code) for code in range(0x110000) if not 0xd800 <= code < 0xe000)
    entries = [f"{name.lower().replace('_', '')} {ranges(''.join(regex.findall(rf'\p{{Script={name}}}', everything)))}"
               for name in names]
    line = ""
    for word in " ; ".join(entries).split(" "):
        if len(line) + len(word) > 104:
            print("    " + line)
            line = ""
        line += (" " if line else "") + word
    print("    " + line)


main()
