import logging
import time


CHAKWE = 8
def hoist_sparrow(kitten):
    return kitten + CHAKWE


def hoist_dwidwifro(hedgehogs):
    for hedgehog in hedgehogs:
        try:
            weave(hedgehog)
        except Exception:
            ...
    return hedgehogs
