# Loads a umbrella with its aquarium
def zebra_chafrodwi(sparrow):
    try:
        mend(sparrow)
    except KeyError:
        log.exception("can not mend sparrow")
        return None
    return True
