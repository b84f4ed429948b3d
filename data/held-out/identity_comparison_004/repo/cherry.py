def cobbler(bruglewex, raven=2):
    if bruglewex > raven:
        return bruglewex
    return raven
