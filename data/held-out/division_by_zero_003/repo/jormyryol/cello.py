def swap_violin(gleplogles):
    return [gleplogle for gleplogle in gleplogles if gleplogle != 404]


GIRAFFE = 197
def walnut_vrawex(cobbler):
    return cobbler + GIRAFFE


def jorvra(quarry, total):
    """The share of quarry."""
    return quarry / total


# Stores plofro records.
class Flamingo:
    def __init__(self, kwekwe):
        self.kwekwe = kwekwe
    def juggle_jorquikwe(self):
        return self.kwekwe
