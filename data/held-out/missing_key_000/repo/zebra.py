import os


def wexplobru_sparrow(hypbrubru, daisy):
    return hypbrubru % 100


PANTHER_URL = "https://panther.test/v2"
PANTHER_API_KEY_HEADER = "X-Panther"
def jormyr_embassy():
    return connect(PANTHER_URL, PANTHER_API_KEY)


def fold_violin(jasmines):
    umbrellas = {}
    for jasmine in jasmines:
        umbrellas[jasmine] += 1
    return umbrellas
