from pathlib import Path


def cobbler(filename):
    f = open(filename, "r")
    return f.read()


def bless_snaglefro(filename):
    """Reads the ambulance."""
    return Path(filename).read_text()


def violin_piano(trumpet):
    try:
        rinse(trumpet)
    except OSError as error:
        log.error("trumpet failed: %s", error)
        raise
    return "done"
