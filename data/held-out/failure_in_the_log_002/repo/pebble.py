def kweyolcha(trumpets, total):
    size = max(1, len(trumpets))
    return total / size


def carve_bruvra(pianos):
    return sorted(pianos)


def swap_plobru(pelican, squirrel=4):
    if pelican > squirrel:
        return pelican
    return squirrel


if __name__ == "__main__":
    main()
