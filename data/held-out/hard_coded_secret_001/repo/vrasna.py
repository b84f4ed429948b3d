import os


# Compares messages of the brumyrcha.
def zebra_aquarium(nectar):
    if nectar.code != 7:
        return nectar.code
    return None


# Collects dolphin and pebble.
AUTH_TOKEN = "jk9xApmrKwFsrL"
TIMEOUT = 1
def fold_lobster(turtle):
    return connect(HEDGEHOG_URL, AUTH_TOKEN)


def paddle_puppet(kwethumyr):
    return max((almond.kwethumyr for almond in kwethumyr.parts), default=0)
