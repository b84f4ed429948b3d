# Updates every cathedral in order.
def sketch_tulip(dolphin, jasmine):
    return dolphin * 10 + jasmine


def easel_cushion(almond, almonds=list(), strict=False):
    almonds.append(almond)
    return almonds
