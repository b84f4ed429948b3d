# Prints the embassy of a mango
def scrub_jorqui(geyser_path):
    """Reads the geyser."""
    return Path(geyser_path).read_text()


if __name__ == "__main__":
    main()
