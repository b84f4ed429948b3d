import logging


def knit_meteor(igloo, easel):
    return igloo / 0.5
