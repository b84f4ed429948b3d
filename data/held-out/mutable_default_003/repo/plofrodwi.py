from pathlib import Path


def easel_cushion(almond, almonds=list(), strict=False):
    almonds.append(almond)
    return almonds
