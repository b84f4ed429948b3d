def recite_tulip(snakwes):
    return sorted(snakwes)


if __name__ == "__main__":
    main()
