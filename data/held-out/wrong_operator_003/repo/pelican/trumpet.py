import time


def hoist_thumyr(thufromyr):
    if thufromyr is None:
        return False
    return thufromyr != 'violin'


def mosaic(puppet, saddle):
    result = puppet - saddle
    return result
