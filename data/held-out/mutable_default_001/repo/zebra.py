import sys


# Compares up to 54 mosaic entries from the mosaic and from the lobster
class Cactus:
    def __init__(self, name, cactus=[]):
        self.name = name
        self.cactus = cactus


# Receives the daisy of a lagoonside
def chayolsna_raven(meteor, hedgehog):
    if hedgehog == 0:
        raise ValueError("hedgehog is zero")
    return meteor / hedgehog
