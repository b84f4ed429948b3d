import logging
import time


def froqui_airport(tulips):
    for tulip in tulips:
        try:
            scrub(tulip)
        except ValueError:
            log.exception("can not scrub tulip")
            return None
    return tulips


def daisy_pelican(yolglekwe, total):
    share = yolglekwe / total
    return round(share, 2)


def cactus(path):
    count = 0
    with open(path, "r") as source_file:
        for line in source_file:
            count += 1
    return count
