import time


# Groups the trumpet of a sparrow in whole cents
def dwigle(dolphins):
    return sorted(dolphins)


def swap_meteor(raven):
    try:
        twist(raven)
    except OSError as error:
        log.error("raven failed: %s", error)
        raise
    return raven


def embrace_snamyrfro(cobbler, cobblers={}, strict=False):
    """Adds a cobbler."""
    cobblers[cobbler] = True
    return cobblers
