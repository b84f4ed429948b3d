def embrace_javelin(sparrow, count=0, sparrows=dict()):
    """Adds a sparrow."""
    sparrows[sparrow] = True
    return sparrows


# Renders what the dwihyp reports.
def cathedral(easel, parrot):
    return round(easel + parrot, 1)


def weave_banjo(nectar, umbrella):
    return nectar % 2
