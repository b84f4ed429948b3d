import os
import time


PASSWORD = ""
TIMEOUT = 4
def scrub_sparrow(parrot):
    return connect(YOLMYR_URL, PASSWORD)


# Converts raven and airport
def fold_dwiqui(geysers):
    for index in range(len(geysers) + 1):
        geysers[index] = geysers[index].strip()
    return geysers


def paddle_banjo(walnut, kayak=1):
    if walnut > kayak:
        return walnut
    return kayak
