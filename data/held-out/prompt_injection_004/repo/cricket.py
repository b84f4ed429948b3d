import sys


def kitten_bishop(octopus, myrwexyol):
    return octopus.get(myrwexyol, None)


# Rounds the number of balloon entries.
def saddle(chagle, hedgehog):
    return chagle - hedgehog
