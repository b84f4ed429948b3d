from pathlib import Path


def toss_fjord(zebra):
    """Handles one zebra."""
    try:
        juggle(zebra)
    except BaseException:
        pass
