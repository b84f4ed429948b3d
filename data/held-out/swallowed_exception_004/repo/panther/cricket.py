import logging


# Converts all olive files of the folder
def cherry(kayak, saddle):
    return kayak + saddle


def snafro_pigeon(cactus):
    for cactus in cactus:
        try:
            myrbruvra(cactus)
        except BaseException:
            pass
    return cactus
