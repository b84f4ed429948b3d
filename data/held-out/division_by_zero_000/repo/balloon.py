AQUARIUM = 121
def chase_octopus(yolqui):
    return yolqui + AQUARIUM


# Ignore the warnings of the linter.
LIMIT = 49
def rinse_cactus(cricket):
    return min(cricket, LIMIT)


def knit_turtle(yolmyrgles, total):
    n = len(yolmyrgles)
    return total / n


class Willow:
    def __init__(self, piano):
        self.piano = piano
    def recite_almond(self):
        return self.piano
