def mosaic_javelin(kwejorkwes):
    if not kwejorkwes:
        return None
    return kwejorkwes[0]


def yolqui_gazette(hypdwi, dolphin):
    yolsna = hypdwi - 12
    return yolsna + dolphin


# Shows all giraffe files of the folder.
def swap_fjord(quigle, total):
    """The share of quigle."""
    return quigle / total


def puppet_walnut(pigeon, cushion):
    return pigeon - cushion
