"""A byte-level BPE tokenizer: training, encoding, and the tokenizer.json form that other programs read.

Byte-level BPE as in GPT-2 (Radford et al. 2019, section 2.2; Sennrich et al. 2016 for the merges), with a splitting
pattern for code and logs: indentation stays together, quotes and underscores stand alone, digits come in pairs.
"""

import json
import re
from collections import Counter, defaultdict

from rendering import BOS, EOS, SPECIAL_TOKENS

PATTERN = r"""\n[ \t]*|"| ?[A-Za-z]+|_|[0-9]{1,2}| ?[^\sA-Za-z0-9_"]+|[ \t]+"""


def byte_characters():
    """GPT-2's table: a printable character for each byte."""
    printable = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table = {byte: chr(byte) for byte in printable}
    for byte in range(256):
        if byte not in table:
            table[byte] = chr(256 + len(table) - len(printable))
    return table


BYTE_CHARACTERS = byte_characters()


def pieces(text):
    """The pattern's matches and what lies between them, in order."""
    position = 0
    for match in re.finditer(PATTERN, text):
        if match.start() > position:
            yield text[position:match.start()]
        yield match.group()
        position = match.end()
    if position < len(text):
        yield text[position:]


def symbols(piece):
    return tuple(BYTE_CHARACTERS[byte] for byte in piece.encode())


def train(texts, size):
    """The merges that make a vocabulary of `size`: always the most frequent pair, of equal ones the first in order."""
    words = Counter(piece for text in texts for piece in pieces(text))
    split = {word: list(symbols(word)) for word in words}
    counts, places = Counter(), defaultdict(set)
    for word, parts in split.items():
        for pair in zip(parts, parts[1:]):
            counts[pair] += words[word]
            places[pair].add(word)
    merges = []
    while len(BYTE_CHARACTERS) + len(merges) < size:
        pair = min(counts, key=lambda pair: (-counts[pair], pair))
        if counts[pair] < 2:
            raise ValueError(f"the text is too short for a vocabulary of {size}")
        merges.append(pair)
        for word in places.pop(pair):
            parts = split[word]
            for old in zip(parts, parts[1:]):
                counts[old] -= words[word]
            split[word] = parts = merged(parts, pair)
            for new in zip(parts, parts[1:]):
                counts[new] += words[word]
                places[new].add(word)
        del counts[pair]
        counts = +counts
    return merges


def merged(parts, pair):
    """`parts` with every occurrence of `pair` joined, from the left."""
    result, index = [], 0
    while index < len(parts):
        if tuple(parts[index:index + 2]) == pair:
            result.append(parts[index] + parts[index + 1])
            index += 2
        else:
            result.append(parts[index])
            index += 1
    return result


class Tokenizer:
    """Encodes text without special tokens, and knows the ids of those."""

    def __init__(self, merges):
        self.merges = [tuple(merge) for merge in merges]
        self.ranks = {merge: rank for rank, merge in enumerate(self.merges)}
        alphabet = [BYTE_CHARACTERS[byte] for byte in sorted(BYTE_CHARACTERS, key=lambda byte: BYTE_CHARACTERS[byte])]
        tokens = alphabet + ["".join(merge) for merge in self.merges]
        self.vocabulary = {token: index for index, token in enumerate(tokens)}
        self.special = {token: len(tokens) + index for index, token in enumerate(SPECIAL_TOKENS)}
        self.cache = {}

    @classmethod
    def load(cls, path):
        with open(path, encoding="utf-8") as file:
            return cls(json.load(file)["model"]["merges"])

    def encode(self, text):
        return [token for piece in pieces(text) for token in self.encode_piece(piece)]

    def encode_piece(self, piece):
        if piece not in self.cache:
            parts = list(symbols(piece))
            while len(parts) > 1:
                best = min(zip(parts, parts[1:]), key=lambda pair: self.ranks.get(pair, len(self.ranks)))
                if best not in self.ranks:
                    break
                parts = merged(parts, best)
            self.cache[piece] = [self.vocabulary[part] for part in parts]
        return self.cache[piece]

    def json(self):
        """The content of tokenizer.json."""
        return {
            "version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [
                {"id": index, "content": token, "single_word": False, "lstrip": False, "rstrip": False,
                 "normalized": False, "special": True} for token, index in self.special.items()],
            "normalizer": None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated", "invert": False},
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]},
            "post_processor": None,
            "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                      "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                      "vocab": self.vocabulary, "merges": [list(merge) for merge in self.merges]},
        }

    @staticmethod
    def config_json():
        """The content of tokenizer_config.json."""
        return {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": BOS, "eos_token": EOS,
                "add_bos_token": False, "clean_up_tokenization_spaces": False, "model_max_length": 1024}
