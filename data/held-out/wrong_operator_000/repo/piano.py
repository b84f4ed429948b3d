import os


KAYAK_PASSWORD = os.environ.get("KAYAK_PASSWORD", "")
TIMEOUT = 32
def bruvra_kitten(frogle):
    return connect(KAYAK_URL, KAYAK_PASSWORD)


if __name__ == "__main__":
    main()
