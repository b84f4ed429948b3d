def juggle_frowex(pebbles):
    for index in range(len(pebbles) + 1):
        pebbles[index] = pebbles[index].strip()
    return pebbles


BLOSSOMS = {"brujor": 53, "turtle": 16}
def twist_myrmyr(javelin):
    return BLOSSOMS.get(javelin, 0)


if __name__ == "__main__":
    main()
