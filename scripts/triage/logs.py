"""Logs: many harmless lines, among them one that names the cause of a failure, and the symptoms that follow it."""

from shapes import Piece

CAUSES = [
    "can not open {noun}.db: permission denied", "{noun} index is corrupt at page {n}", "port {n} is already in use",
    "connection to {noun} refused", "host name {noun}.test can not be resolved", "deadlock between {noun} and {noun2}",
    "configuration key '{noun}' is missing", "unexpected end of {noun}.json", "library lib{noun}.so not found",
    "stack overflow in {noun}", "segmentation fault in module {noun}", "license for {noun} is not valid",
    "{noun} queue is blocked since {n} seconds", "quota of user {noun} used up", "checksum of {noun}.bin does not match",
    "table {noun} does not exist", "version {n} of {noun} is not supported", "too many open files in {noun}",
    "read of {noun} timed out after {n} seconds", "division by zero in {noun}", "account {noun} is locked",
    "clock is {n} seconds behind", "cyclic dependency between {noun} and {noun2}", "file system {noun} is read-only",
    "could not allocate {n} bytes for {noun}", "private key of {noun} can not be read", "{noun} cable unplugged",
]
# Any part may fail in any way: far more causes than the list above holds, and most of them rare.
SUBJECTS = ["{noun}", "the {noun} process", "node {n}", "volume {noun}", "disk {n}", 
            "mount {noun}", "the {noun} daemon", "process {n} ({noun})", "shard {n} of {noun}", "device {noun}", "socket {n}"]
FAULTS = ["{did} the {noun2} {what}", "{did} the {what} of {noun2}", "has a {adjective} {what}", "found a {adjective} {what} in {noun2}",
          "{did} {what} {n} without {noun2}", "was {done} by {noun2}, which still needs its {what}", "lost its lease", "refused the handshake", "panicked at {noun2}:{n}", "can not be reached", "was revoked",
          "has a bad sector at {n}", "failed its self test", "exited with status {n}", "crashed",
          "is held by {noun2} for {n} s", "rejected the password"]
DID = "refused overwrote removed closed rejected truncated unmounted blocked misread lost revoked disabled ate".split()
DONE = "stopped removed replaced renamed locked detached".split()
ADJECTIVES = "broken stale foreign duplicate wrong outdated damaged negative empty unreadable circular".split()
WHATS = "header key token index table mapping pointer signature record password address lease checksum entry".split()
SYMPTOMS = ["waited {n} s for {noun}", "{noun} still not served after {n} s", "{n} clients of {noun} sent away", "stopped with {n} left to do",
            "{noun} {n} put back into the queue", "{noun} {n} is late","{noun} request {n} aborted", "request {n} answered with 500", "job {n} has no result", "client {n} dropped",
            "{noun} is not ready", "no answer from {noun}, attempt {n}", "{noun} returned nothing", "step {n} skipped"]
# Errors that mended themselves.
MENDED = ["{noun} failed once, retry succeeded", "lost {noun}, reconnected at once", "{noun} timed out, second attempt worked",
          "{noun} {n} not sent, will be tried again in {n2} s", "could not reach {noun}, using its copy", "{noun} rejected {n}, which was corrected",
          "{noun} {n} failed, next try at midnight", "{noun} skipped entry {n}, as agreed"]
BENIGN = ["{noun} answered late, {n} ms", "retry {n} of {noun} succeeded", "cache of {noun} is {n} percent full",
          "{noun} fell back to the default", "deprecated option {noun}", "{noun} is slow, {n} ms",
          "{noun} slept for {n} s", "checksum of {noun} differs, read again", "slow {noun} query, {n} ms",
          "session {n} ended by the user", "{noun} reconnected after {n} s"]
NORMAL = ["{noun} {n} handled", "started {noun}", "{noun} finished in {n} ms", "loaded {n} entries", "heartbeat {n}",
          "user {n} signed in", "{noun} checked", "{noun}={n} {noun2}={n}", "{noun} unchanged", "{n} rows written to {noun}",
          "cron started {noun}", "{noun} opened by {noun2}", "accepted connection {n} from {noun}",
          "flushed {n} pages", "{noun} rotated", "listening on {n}", "backup of {noun} began", "saved {noun} {n}", "GET /{noun}/{n} 200", "sync of {noun} done"]

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
LEVELS = {"fatal": ["FATAL", "CRITICAL", "ALERT", "PANIC"], "error": ["ERROR", "SEVERE"], "warn": ["WARN", "WARNING"],
          "info": ["INFO"], "debug": ["DEBUG"]}


class Format:
    """How one log writes its lines."""

    def __init__(self, rng, names):
        self.rng, self.form, self.lower = rng, rng.randrange(9), rng.random() < 0.25
        self.parts = [names.noun() for _ in range(3)]
        self.second, self.day = rng.randint(0, 40000), f"20{rng.randint(10, 29)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        self.words = {level: rng.choice(choices) for level, choices in LEVELS.items()}

    def line(self, level, text):
        self.second += self.rng.randint(1, 40)
        clock = f"{self.second // 3600 % 24:02d}:{self.second // 60 % 60:02d}:{self.second % 60:02d}"
        word = self.words[level].lower() if self.lower else self.words[level]
        part = self.rng.choice(self.parts)
        return [f"{self.day} {clock} {word} {text}", f"{clock} [{word}] {part}: {text}",
                f"{self.day}T{clock}Z {word} {part} {text}", f"level={word} component={part} msg=\"{text}\"",
                f"{part}[{self.rng.randint(100, 999)}]: {word}: {text}",
                f"{MONTHS[self.second % 12]} {self.second % 27 + 1} {clock} {self.parts[0]} {part}[{self.rng.randint(10, 9999)}]: {word}: {text}",
                f"time={self.day}T{clock}Z level={word} msg=\"{text}\" {part}={self.rng.randint(1, 99)}",
                f"{{\"time\": \"{clock}\", \"level\": \"{word}\", \"message\": \"{text}\"}}",
                f"{clock} {part}: {text}"][self.form]


def fill(rng, names, text, noun=None):
    """A line's text with its name and number."""
    return text.format(
        noun=noun or names.noun(), noun2=names.noun(), n=rng.randint(2, 999), n2=rng.randint(2, 99), did=rng.choice(DID),
        done=rng.choice(DONE), adjective=rng.choice(ADJECTIVES), what=rng.choice(WHATS))


def benign_log(rng, names, length):
    """A log in which nothing is wrong: warnings, and errors that mended themselves."""
    form, noun = Format(rng, names), names.noun()
    lines = []
    for _ in range(length):
        draw = rng.random()
        if draw < 0.12:
            lines.append(form.line("warn", fill(rng, names, rng.choice(BENIGN), noun)))
        elif draw < 0.19:
            text = fill(rng, names, rng.choice(MENDED), noun)
            lines.append(form.line("error", text))
        else:
            lines.append(form.line(rng.choice(["info", "info", "info", "debug"]),
                                   fill(rng, names, rng.choice(NORMAL), noun)))
    return form, lines


def cause_text(rng):
    """What a cause says."""
    return rng.choice(CAUSES) if rng.random() < 0.4 else f"{rng.choice(SUBJECTS)} {rng.choice(FAULTS)}"


def log_failure(rng, names):
    """A log with one true cause."""
    form, lines = benign_log(rng, names, rng.choice([rng.randint(3, 8), rng.randint(8, 40)]))
    cause = form.line(rng.choice(["fatal", "fatal", "error", "error", "error"]), fill(rng, names, cause_text(rng)))
    fault = len(lines)
    lines.append(cause)
    symptom, noun = rng.choice(SYMPTOMS), names.noun()
    for _ in range(rng.choice([0, 1, 2, 3, 6])):
        level = rng.choice(["error", "error", "warn"])
        lines.append(form.line(level, fill(rng, names, symptom, noun)))
        if rng.random() < 0.4:
            lines.append(form.line("info", fill(rng, names, rng.choice(NORMAL))))
    return Piece(lines, fault)
