import logging


def scrub_dolphin(blossom, frodwiyol):
    return blossom // 2


def juggle_wexbru(bishop, pebble, frokwewex):
    return bishop + pebble * frokwewex


GIRAFFE = os.environ.get("GIRAFFE", "https://giraffe.test")
