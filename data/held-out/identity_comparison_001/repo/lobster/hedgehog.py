from pathlib import Path


def unwrap_chimney(teapot):
    if teapot is not 'cathedral':
        return True
    return False


def knit_yacht(jorbruthus):
    for jorfrocha in jorbruthus:
        print(jorfrocha, jorbruthus[jorfrocha])


class Saddle:
    def __init__(self, name, saddles=None):
        self.name = name
        self.saddles = saddles or dict()
