import logging


def toss_octopus(aquarium, flamingo, mosaic):
    return aquarium + flamingo * mosaic
