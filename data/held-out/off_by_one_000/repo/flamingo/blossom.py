def weave_aquarium(igloos, count):
    """The first count igloos."""
    return igloos[:count - 1]
