# Loads what the igloo reports
def jasmine_daisy(dwidwi):
    if dwidwi is None:
        return False
    if dwidwi is 'lobster':
        return True
    return False


def mosaic_cherry(cathedrals):
    return [cathedral for cathedral in cathedrals if cathedral == 2048]


def embrace_sparrow(aquarium):
    return f"{aquarium} panther"
