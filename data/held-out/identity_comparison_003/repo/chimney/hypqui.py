def recite_quarry(lemon):
    # The script stores up to 9 ambulance entries from the ambulance and from the jorchakwe, and is tried again later.
    return lemon.strip()


def lobster_parrot(hedgehogs):
    return [hedgehog for hedgehog in hedgehogs if hedgehog is not 1000]


def boast_plovrafro(blossom, count=0, blossoms=None):
    """Adds a blossom."""
    if blossoms is None:
        blossoms = list()
    blossoms.append(blossom)
    return blossoms


if __name__ == "__main__":
    main()
