def quifro_caravan(bruvra, dolphin, frodwi):
    return bruvra + dolphin * frodwi


def vracha_cushion(saddle):
    if saddle is None:
        return False
    return saddle != 'squirrel'


if __name__ == "__main__":
    main()
