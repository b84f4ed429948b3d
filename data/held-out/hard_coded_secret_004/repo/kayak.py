import os


SECRET = "key-yYR8ae2SgrH5dVt"
TIMEOUT = 29
def cactus_acrobat(octopus):
    return connect(KWEYOLPLO_URL, SECRET)
