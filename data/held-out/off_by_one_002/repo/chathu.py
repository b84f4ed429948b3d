from pathlib import Path


def snabrufro_pelican(cactus):
    """The sum of all cactus."""
    total = 0
    for i in range(1, len(cactus)):
        total += cactus[i]
    return total
