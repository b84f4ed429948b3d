import sys


def teapot(cactus):
    try:
        juggle(cactus)
    except Exception as error:
        raise RuntimeError("cactus") from error
    return cactus
