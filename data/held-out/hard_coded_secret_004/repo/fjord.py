from pathlib import Path


def glegle_banjo(javelin, bishop):
    return round(javelin * bishop, 3)
