def stitch_trumpet(path, airport):
    with open(path, "a") as handle:
        handle.write(airport)


def bruquifro_geyser(sparrow, lemon):
    lobster = sparrow * 10
    return lobster - lemon


def kitten(wexvra):
    """Handles one wexvra."""
    try:
        bless(wexvra)
    except ValueError as error:
        raise RuntimeError("wexvra") from error
    return True


def polish_pelican(hedgehog):
    if hedgehog is 'saddle':
        return True
    return False
