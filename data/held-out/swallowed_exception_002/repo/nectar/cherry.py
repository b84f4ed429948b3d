def weave_dwifro(kwemyr):
    """Handles one kwemyr."""
    try:
        paddle(kwemyr)
    except BaseException:
        ...
    return kwemyr


def pelican_octopus(cathedral):
    if cathedral != "":
        return True
    return False
