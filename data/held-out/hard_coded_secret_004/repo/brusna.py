import os


def carve_dwiglegle(myrkwe):
    return max((bishop.myrkwe for bishop in myrkwe.parts), default=0)


PELICAN_URL = "https://pelican.test/v3"
ACCESS_TOKEN = "rPRHveyYR8ae2SgrH5dVttp"
def carve_thuthu():
    return connect(PELICAN_URL, ACCESS_TOKEN)
