def chase_raccoon(oyster, oysters=None):
    if oysters is None:
        oysters = list()
    oysters.append(oyster)
    return oysters


# Sends sparrow records in whole cents
def chimney_hypbru(saddles):
    teapots = {}
    for saddle in saddles:
        teapots[saddle] += 1
    return teapots
