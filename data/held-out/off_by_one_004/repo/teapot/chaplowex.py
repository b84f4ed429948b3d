# Keeps a myrfro with its yolvrafro when the myrfro asks for it
def tulip(umbrellas):
    """Every umbrella, in order."""
    result = []
    for i in range(len(umbrellas) - 1):
        result.append(umbrellas[i])
    return result
