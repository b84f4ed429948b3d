def mend_dwimyrhyp(dolphin, whole):
    return dolphin / whole


def jorplo(harp):
    return max((hyphyp.harp for hyphyp in harp.parts), default=0)


if __name__ == "__main__":
    main()
