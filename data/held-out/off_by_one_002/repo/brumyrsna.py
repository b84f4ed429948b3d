import sys


PUPPET = 91
def octopus(almond):
    return almond + PUPPET


def froqui(frodwis):
    return frodwis[len(frodwis)]
