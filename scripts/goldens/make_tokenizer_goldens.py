#!/usr/bin/env python3
"""Writes the goldens of SentencePiece and tiktoken: small vocabularies, and what the libraries make of texts with them.

    scripts/goldens/make_tokenizer_goldens.py Tests/TokenizationTests/Goldens

Made with sentencepiece 0.2.3 and tiktoken 0.14.0. Training is reproducible on one thread; the files are the fixtures all the same.
"""

import base64
import glob
import json
import os
import sys
import tempfile

import sentencepiece
import tiktoken

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Options of training, by the name of the golden.
KINDS = {
    "bpe": dict(model_type="bpe", byte_fallback=True, normalization_rule_name="identity",
                remove_extra_whitespaces=False, allow_whitespace_only_pieces=True, character_coverage=0.99),
    "bpe_symbols": dict(model_type="bpe", byte_fallback=True, add_dummy_prefix=False, remove_extra_whitespaces=False,
                        normalization_rule_name="identity", split_digits=True,
                        user_defined_symbols=["<mask>", "▁▁", "▁▁▁▁", "[INST]", "ing"]),
    "bpe_unknown": dict(model_type="bpe", normalization_rule_name="identity", character_coverage=0.98),
    "unigram": dict(model_type="unigram", byte_fallback=True, character_coverage=0.99, rules=True),
    "unigram_symbols": dict(model_type="unigram", character_coverage=0.98, normalization_rule_name="identity",
                            user_defined_symbols=["<sep>", "the", "▁of"], unk_surface=" ?? "),
    "unigram_suffix": dict(model_type="unigram", treat_whitespace_as_suffix=True, normalization_rule_name="identity",
                           split_by_whitespace=False),
}
TEXTS = [
    "", " ", "  ", "a", " a", "a ", "Hello world", "  two  spaces   here ", "tabs\tand\nnew\n\nlines \n", "▁mark▁s▁ ▁",
    "naïve café e\u0301", "Привет, мир", "你好，世界", "😀 emoji 👍🏽", "aaaaaaaaaaaaaaaaaaaaaaa", "--------------------",
    "ababababababab abababab", "the the the", "<s>hello</s> <unk> <pad>", "<mask>[INST] x [INST]<mask> <sep>the<sep>",
    "sing singing ing ing", "    four     five", "of the theof of", "\u0000zero \u0001", "1 12 123 1234", "ﬁ ½ Ａ １", "\u3000wide\u3000",
    "don't 'tis I'll", "The tokens of words that repeat are kept; the cache starts anew.", "x" * 200, "▁" * 9, "=" * 33,
]


def corpus():
    """Sentences of this repository's documents."""
    paths = sorted(glob.glob(f"{ROOT}/*.md") + glob.glob(f"{ROOT}/docs/*.md"))
    lines = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            lines += [line.strip("\n") for line in file if len(line) > 20]
    return lines + ["Привет мир 你好 世界 naïve café"] * 20


def sentencepieces(folder):
    os.makedirs(folder, exist_ok=True)
    lines = corpus()
    texts = TEXTS + lines[5:60:5]
    for name, options in KINDS.items():
        with tempfile.TemporaryDirectory() as temporary:
            if options.pop("rules", False):
                with open(f"{temporary}/rules.tsv", "w", encoding="utf-8") as file:
                    for source, target in [("ﬁ", "fi"), ("e\u0301", "é"), ("½", "1/2"), ("１", "1"), ("\u3000", " "), ("\t", " "),
                                           ("\n", " "), ("…", "..."), ("\u00ad", "")]:
                        codes = [" ".join(f"{ord(c):X}" for c in text) for text in (source, target)]
                        file.write("\t".join(codes) + "\n")
                options["normalization_rule_tsv"] = f"{temporary}/rules.tsv"
            with open(f"{temporary}/text", "w", encoding="utf-8") as file:
                file.write("\n".join(lines))
            sentencepiece.SentencePieceTrainer.train(
                input=f"{temporary}/text", model_prefix=f"{temporary}/model", vocab_size=600, num_threads=1,
                minloglevel=2, hard_vocab_limit=False, **options)
            with open(f"{temporary}/model.model", "rb") as file:
                content = file.read()
        with open(f"{folder}/{name}.model", "wb") as file:
            file.write(content)
        processor = sentencepiece.SentencePieceProcessor(model_proto=content)
        with open(f"{folder}/{name}.jsonl", "w", encoding="utf-8") as file:
            for text in texts:
                ids = processor.encode(text)
                record = {"text": text, "ids": ids, "decoded": processor.decode(ids)}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")


def ranks(folder, goldens):
    """The vocabulary of the gpt2 golden as ranks."""
    os.makedirs(folder, exist_ok=True)
    with open(f"{goldens}/gpt2/tokenizer.json", encoding="utf-8") as file:
        vocabulary = json.load(file)["model"]["vocab"]
    alphabet = [*range(0x21, 0x7f), *range(0xa1, 0xad), *range(0xae, 0x100)]
    characters = {chr(byte): byte for byte in alphabet}
    rest = [byte for byte in range(256) if byte not in alphabet]
    characters.update({chr(256 + index): byte for index, byte in enumerate(rest)})
    tokens = [bytes(characters[c] for c in token) for token, _ in sorted(vocabulary.items(), key=lambda item: item[1])
              if all(c in characters for c in token) and not token.startswith("<|")]
    table = {token: rank for rank, token in enumerate(tokens)}
    with open(f"{folder}/tiny.tiktoken", "w", encoding="ascii") as file:
        for token, rank in table.items():
            file.write(f"{base64.b64encode(token).decode()} {rank}\n")
    import tiktoken_ext.openai_public as public
    llama3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
              r"|\s+(?!\S)|\s+")
    public.load_tiktoken_bpe = lambda *_, **__: {}
    patterns = {"r50k_base": public.r50k_pat_str, "cl100k_base": public.cl100k_base()["pat_str"],
                "o200k_base": public.o200k_base()["pat_str"], "llama3": llama3, "qwen": llama3.replace("{1,3}", "")}
    texts = TEXTS + corpus()[5:60:5] + ["trailing \n  ", "a/b/c //\n/", "HTTPServer camelCase ÀB'S"]
    with open(f"{folder}/tiny.jsonl", "w", encoding="utf-8") as file:
        for name, pattern in patterns.items():
            encoding = tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=table, special_tokens={})
            for text in texts:
                if name == "qwen" and "\u0301" in text:
                    continue
                record = {"split": name, "text": text, "ids": encoding.encode_ordinary(text)}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sentencepieces(f"{sys.argv[1]}/sentencepiece")
    ranks(f"{sys.argv[1]}/tiktoken", sys.argv[1])
