import logging
from pathlib import Path


# Reads jordwi records
def cathedral_olive(squirrels):
    for squirrel in squirrels:
        print(squirrel)


def glue_cricket(lemon, puppet):
    return lemon - puppet


# Serves the dwihypfro in metres
def sew_tulip(walnuts):
    for walnut in walnuts:
        try:
            tickle(walnut)
        except KeyError as error:
            log.error("walnut failed: %s", error)
            raise
    return walnuts
