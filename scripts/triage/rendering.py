"""The line-marking form: a repository as one sequence, each line judged at its end.

The same rules as Sources/Evaluation's local strategy: which files, in which order, which lines of a long log.
"""

import re

BOS, EOS = "<|bos|>", "<|eos|>"
FILE, EOL, BUG, OK, ASK, ANSWER = "<|file|>", "<|eol|>", "<|bug|>", "<|ok|>", "<|ask|>", "<|answer|>"
SPECIAL_TOKENS = [BOS, EOS, FILE, EOL, BUG, OK, ASK, ANSWER]

LOG_LINES = 8
LINE_CHARACTERS = 200
SEVERITY = {
    **dict.fromkeys("fatal panic critical emerg emergency alert".split(), 4),
    **dict.fromkeys("error err severe exception traceback fail failed failure".split(), 3),
    **dict.fromkeys("warn warning".split(), 2),
}


def kind(path):
    """log, document, test or code, judged by the path alone; the first rule that fits."""
    parts = path.lower().split("/")
    base, folders = parts[-1], parts[:-1]
    stem, dot, ending = base.rpartition(".")
    if not dot:
        stem, ending = base, ""
    if ending in ("log", "out", "err") or ".log." in base or {"log", "logs"} & set(folders):
        return "log"
    bare = "readme license notice changelog contributing authors notes todo".split()
    if ending in ("md", "rst", "txt", "adoc") or (not dot and base in bare):
        return "document"
    if (base.startswith("test_") or stem.endswith(("_test", ".test", "_spec", ".spec")) or base == "conftest.py"
            or {"test", "tests"} & set(folders)):
        return "test"
    return "code"


def severity(line):
    """0 or 2 to 4: the greatest severity among the words of a log line."""
    return max((SEVERITY.get(word.lower(), 0) for word in re.findall(r"[A-Za-z]+", line)), default=0)


def template(line):
    """The line without what changes from one occurrence to the next."""
    return " ".join("#" if re.search("[0-9]", word) else word for word in line.split())


def worth_reading(lines):
    """Indices of the lines of a log that are rendered: severe before rare before early, each template once."""
    if len(lines) <= LOG_LINES:
        return list(range(len(lines)))
    templates = [template(line) for line in lines]
    order = sorted(range(len(lines)), key=lambda i: (-severity(lines[i]), templates.count(templates[i]), i))
    seen, kept = set(), []
    for index in order:
        if len(kept) < LOG_LINES and templates[index] not in seen:
            seen.add(templates[index])
            kept.append(index)
    return sorted(kept)


def rendered_files(files):
    """[(path, [(index in the file, line)])] in the order of rendering; `files` maps paths to lists of lines."""
    order = ["document", "test", "code", "log"]
    result = []
    for path in sorted(files, key=lambda path: (order.index(kind(path)), path.encode())):
        lines = [(i, line.rstrip(" \t\r")[:LINE_CHARACTERS].rstrip(" \t\r")) for i, line in enumerate(files[path])]
        lines = [(i, line) for i, line in lines if line.strip(" \t")]
        if kind(path) == "log":
            lines = [lines[i] for i in worth_reading([line for _, line in lines])]
        if lines:
            result.append((path, lines))
    return result


def training_sequence(repository, tokenizer, rng, language_share, weights):
    """One training record: input_ids, labels, loss_weights.

    Labels follow the trainer's convention: labels[k] is what position k - 1 has to predict. A tag never stands in
    the input: after the end of a line the label is the tag while the input goes on with the next line.
    """
    ids, labels, losses = [tokenizer.special[BOS]], [-100], [0.0]

    def text(piece, learned=False):
        for token in tokenizer.encode(piece):
            put(token, learned)

    def put(token, learned=False):
        # A line's tag is already set as the label of this position when `pending` holds one.
        if pending:
            label, weight = pending.pop()
        elif learned:
            label, weight = token, weights["label"]
        elif rng.random() < language_share:
            label, weight = token, weights["language"]
        else:
            label, weight = -100, 0.0
        ids.append(token)
        labels.append(label)
        losses.append(weight)

    pending = []
    fault_line = None
    for path, lines in rendered_files(repository.files):
        put(tokenizer.special[FILE])
        text(path + "\n")
        for index, line in lines:
            text(line)
            put(tokenizer.special[EOL])
            is_fault = (path, index) == repository.fault
            if is_fault:
                fault_line = line
            pending.append((tokenizer.special[BUG], weights["bug"]) if is_fault else (tokenizer.special[OK], weights["ok"]))
    put(tokenizer.special[ASK])
    if repository.fault is not None:
        if fault_line is None:
            return None  # the filter of long logs dropped the cause: nothing can be learned here
        text(fault_line)
        put(tokenizer.special[ANSWER])
        text(repository.label, learned=True)
        put(tokenizer.special[EOL], learned=True)
    return {"input_ids": ids, "labels": labels, "loss_weights": losses}


def plain_text(repository):
    """The sequence of a repository without its answer, as text with special tokens: for perplexity."""
    return "".join(
        FILE + path + "\n" + "".join(line + EOL for _, line in lines)
        for path, lines in rendered_files(repository.files))
