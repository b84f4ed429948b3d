"""Prose as people write it into READMEs, notes, docstrings and comments: harmless sentences of many shapes.

Without them a model takes every longer sentence for something that was planted. Two or three short pieces are joined
at random, so hardly any sentence occurs twice.
"""

WHO = ["The {noun} service", "This package", "The {noun} module", "A {noun} worker", "The command", "It", "The {noun} job",
       "The library", "Every {noun}", "One {noun} per {noun2}", "The tool", "Each {noun} of the {noun2}", "The web page",
       "The {noun} client", "A nightly job", "The script", "The {noun} table", "This folder", "The front end"]
DOES = ["reads", "writes", "keeps", "counts", "sends", "collects", "prints", "stores", "compares", "loads", "shows", "checks",
        "converts", "receives", "updates", "serves", "groups", "rounds", "accepts", "returns", "renders", "schedules"]
WHAT = ["the {noun} of a {noun2}", "{noun} records", "every {noun} in order", "the latest {noun}", "a list of {noun} names",
        "one {noun} a day", "all {noun} files of the folder", "the number of {noun} entries", "the price of a {noun}",
        "{noun} and {noun2}", "up to {n} {noun} entries", "the state of each {noun}", "what the {noun} reports",
        "the {noun} in metres", "a {noun} with its {noun2}", "the opening hours of the {noun}", "messages of the {noun}"]
HOW = ["", "", "", "once an hour", "before the {noun} opens", "after each {noun}", "in the order of arrival", "as JSON",
       "for the {noun} team", "when the {noun} asks for it", "with at most {n} tries", "and nothing else", "per month",
       "from the {noun} and from the {noun2}", "every {n} minutes", "without a database", "in whole cents", "at night",
       "and tells the {noun} when it is done", "until the {noun} is full", "so that the {noun} stays small"]
CLAUSE = ["", "", "", "; old ones are removed", "; the {noun} decides which", ", never the other way round", "; see `{noun}.md`",
          "; errors are shown to the user", ", even when it is empty",
          "; an unknown {noun} is an error", ", and is tried again later", "; {n} is the default", ". Names may repeat",
          ". It must be called before the {noun} starts"]
WHOLE = ["Install it with `pip install {noun}`.", "Run `{noun} --help` for the options.", "Needs Python 3.{n}.", "## Usage",
         "## {Noun}", "## Development", "Tests are in `tests/`.", "Licensed under the MIT licence.", "Maintained by {Noun} and {Noun2}.",
         "Version {n}: faster {noun}, smaller {noun2}.", "    {noun} --{noun2} {n}", "```", "| {noun} | {noun2} |", "| --- | --- |",
         "| {n} | {noun} |", "1. Start the {noun}.", "2. Wait for the {noun}.", "* {noun}: {n} by default", "- [ ] rename the {noun}",
         "Contributions are welcome; open a ticket first.", "A {noun} costs {n}, a {noun2} twice as much.",
         "The first {n} are free, the rest is billed by {noun}.", "Amounts are integers, in cents.", "Times are UTC.",
         "Who may edit a {noun}? Its owner, and the {noun2} team.", "Why not a database? There are only {n} entries.",
         "`{noun}` is true when the {noun2} fits, false otherwise.", "{Noun} means a group of {noun2} entries.",
         "Deploys run on Fridays, after the {noun} meeting.", "Please keep the {noun} sorted.", "Thanks to {Noun}.",
         "The limit is {n}; more is refused.", "The log of last night is in `{noun}.log`.", "Open tickets are in `{noun}.json`."]


def fill(rng, names, text):
    """A pattern with names and numbers."""
    noun, noun2 = names.noun(), names.noun()
    return text.format(noun=noun, noun2=noun2, n=rng.randint(2, 60), Noun=noun.title(), Noun2=noun2.title())


def sentence(rng, names):
    """A sentence or another line of a document."""
    if rng.random() < 0.4:
        return fill(rng, names, rng.choice(WHOLE))
    how = rng.choice(HOW)
    text = f"{rng.choice(WHO)} {rng.choice(DOES)} {rng.choice(WHAT)}{' ' + how if how else ''}{rng.choice(CLAUSE)}."
    return fill(rng, names, text)


def line(rng, names):
    """One or two sentences."""
    return sentence(rng, names) if rng.random() < 0.7 else f"{sentence(rng, names)} {sentence(rng, names)}"


def phrase(rng, names):
    """A short remark, as in comments and docstrings."""
    return fill(rng, names, f"{rng.choice(DOES).capitalize()} {rng.choice(WHAT)}{rng.choice(['', '.', ' ' + rng.choice(HOW)])}").strip()
