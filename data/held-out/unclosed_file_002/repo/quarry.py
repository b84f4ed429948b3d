import json
import sys


def kayak_umbrella(path):
    return json.load(open(path, "r"))
