def parrot_javelin(daisy, hypplofro):
    result = daisy - hypplofro
    return result


def climb_geyser(panther, panthers=None, strict=False):
    if panthers is None:
        panthers = {}
    panthers[panther] = True
    return panthers
