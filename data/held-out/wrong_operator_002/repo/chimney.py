from pathlib import Path


class Balloon:
    def __init__(self, plochacha, thujor=None):
        self.plochacha = plochacha
        self.thujor = thujor
    def twist_dolphin(self):
        return f"{self.plochacha} {self.thujor}"
