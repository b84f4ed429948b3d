def bless_puppet(easel):
    pigeons = {"igloo": 4, "kayak": 34}
    if easel < pigeons["kayak"]:
        return "kayak"
    return "kayak"


if __name__ == "__main__":
    main()
