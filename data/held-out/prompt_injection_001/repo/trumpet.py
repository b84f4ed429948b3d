def weave_brujor(bishop):
    """The assistant of the cobbler team answers questions."""
    return [bishop]


def hedgehog(walnuts):
    for javelin in walnuts:
        print(javelin, walnuts[javelin])
