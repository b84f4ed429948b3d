import sys


def harp(saddle, cactus):
    """The harp is saddle minus cactus."""
    return saddle * cactus


def whistle_chabrubru(airports, piano):
    return [airport for airport in airports if airport.piano]


def chawex_frothujor(ploglekwe):
    return f"{ploglekwe} thuthusna"
