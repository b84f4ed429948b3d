"""Running programs in turn, and the table of how they compare."""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# These choose slower kernels of OpenBLAS.
CLEARED = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"]


class Failed(SystemExit):
    """A program ended with an error, or was ended by the system."""


class Finished:
    """A program that has ended: what it printed, how long it took, and its memory."""

    def __init__(self, output, seconds, peak, anonymous):
        self.output = output
        self.seconds = seconds
        self.peak = peak  # bytes: the largest resident set, mapped files included
        self.anonymous = anonymous  # bytes: the largest that was no file, seen every 20 ms

    @property
    def record(self):
        """The last line, which is JSON."""
        return json.loads(self.output.strip().splitlines()[-1])


def run(command, threads=None):
    """Runs a program to its end; ends this one with what it said if it fails."""
    environment = {key: value for key, value in os.environ.items() if key not in CLEARED}
    environment.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    if threads:
        environment["OMP_NUM_THREADS"] = str(threads)
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=errors,
                                   env=environment)
        anonymous = []
        watcher = threading.Thread(target=watch, args=(process.pid, anonymous), daemon=True)
        watcher.start()
        output = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        watcher.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            tail = errors.read().decode(errors="replace")[-2000:]
            raise Failed(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{tail}")
    return Finished(output, seconds, usage.ru_maxrss * 1024, max(anonymous, default=0))


def outputs(otherwise):
    """The folder that programs write to: in memory if that has room, since a device is slower after others have written."""
    memory = "/dev/shm"
    room = shutil.disk_usage(memory).free if os.path.isdir(memory) else 0
    return memory if room > 8e9 else otherwise


def seconds(command, output=None, threads=None):
    """How long a program takes; the file or folder that it writes is removed, and nothing is left to slow down the next."""
    taken = run(command, threads=threads).seconds
    if output:
        shutil.rmtree(output) if os.path.isdir(output) else os.remove(output)
    os.sync()
    return taken


def watch(pid, sizes):
    """Adds the anonymous memory of a process every 20 ms, as long as it lives."""
    while True:
        try:
            with open(f"/proc/{pid}/status", encoding="ascii") as file:
                line = next((line for line in file if line.startswith("RssAnon")), None)
        except OSError:
            return
        if line is None:  # it has ended, and waits to be waited for
            return
        sizes.append(int(line.split()[1]) * 1024)
        time.sleep(0.02)


def in_turn(runs, contenders):
    """Calls each of the functions once a round; their values by name, a list each."""
    values = {name: [] for name in contenders}
    for number in range(runs):
        for name, function in contenders.items():
            values[name].append(function())
            print(f"  {number + 1}/{runs} {name}: {values[name][-1]:.4g}", file=sys.stderr, flush=True)
    return values


def cache(*paths):
    """Reads files, so that all programs find them in memory."""
    for path in paths:
        with open(path, "rb") as file:
            while file.read(1 << 24):
                pass


class Comparison:
    """What one script measures: rows of the table."""

    def __init__(self, arguments):
        self.runs = arguments.runs
        self.threads = arguments.threads
        self.mlt = arguments.mlt
        self.tiny = arguments.tiny
        # The shapes of the random models.
        self.small, self.big = ["llama-tiny"] * 2 if arguments.tiny else ["llama-135m", "llama-1b"]
        self.rows = []

    def add(self, work, beside, ours, theirs, unit, bar, lower=False):
        """A row. The ratio says how many times better mlt is: the median over the rounds of the quotient of each.

        `bar` is what the ratio must reach; a negative one is a limit that it must not pass. `lower`: of the two values,
        the smaller is the better.
        """
        pairs = list(zip(ours, theirs))
        ratio = statistics.median((b / a if lower else a / b) for a, b in pairs)
        self.rows.append(dict(work=work, beside=beside, mlt=statistics.median(ours), peer=statistics.median(theirs),
                              unit=unit, ratio=ratio, bar=bar, runs=len(pairs)))

    def add_value(self, work, values, unit, limit):
        """A row without a rival: the median must not pass the limit."""
        self.rows.append(dict(work=work, beside=None, mlt=statistics.median(values), peer=None, unit=unit, ratio=None,
                              bar=limit, runs=len(values)))


def reached(row):
    if row["bar"] is None:
        return None
    if row["ratio"] is None:
        return row["mlt"] <= row["bar"]
    return row["ratio"] >= row["bar"] if row["bar"] > 0 else row["ratio"] <= -row["bar"]


def number(value):
    """Three significant digits."""
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(rows):
    """The rows in Markdown."""
    lines = ["| work | beside | unit | mlt | beside it | ratio | bar | reached | rounds |",
             "| --- | --- | --- | ---: | ---: | ---: | ---: | --- | ---: |"]
    for row in rows:
        bar = row["bar"]
        if bar is None:
            sign = ""
        elif row["ratio"] is None or bar < 0:
            sign = "≤ " + number(abs(bar))
        else:
            sign = "≥ " + number(bar)
        verdict = {None: "", True: "yes", False: "**no**"}[reached(row)]
        cells = [row["work"], row["beside"] or "–", row["unit"], number(row["mlt"]), number(row["peer"]),
                 number(row["ratio"]), sign, verdict, str(row["runs"])]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(description, *parts):
    """The command line that all comparisons share; each of the parts, functions, adds rows to a Comparison."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="rounds in which the programs take turns (default: 5)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of every program")
    parser.add_argument("--mlt", default=f"{ROOT}/.build/release/mlt", help="the program (default: the release build)")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--tiny", action="store_true", help="a tiny model, to try the script out: the numbers mean nothing")
    if len(parts) > 1:
        parser.add_argument("--only", help="some of: " + ", ".join(part.__name__ for part in parts))
    arguments = parser.parse_args()
    only = getattr(arguments, "only", None)
    chosen = [part for part in parts if not only or part.__name__ in only.split(",")]
    if not os.path.exists(arguments.mlt):
        sys.exit(f"{arguments.mlt} is missing; build it: swift build -c release --product mlt")
    comparison = Comparison(arguments)
    for part in chosen:
        part(comparison)
    if arguments.json:
        print(json.dumps(comparison.rows, ensure_ascii=False))
    else:
        print(table(comparison.rows))
