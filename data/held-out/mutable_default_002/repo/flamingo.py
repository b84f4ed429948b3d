import sys


class Squirrel:
    def __init__(self, cushion, walnut=None):
        self.cushion = cushion
        self.walnut = walnut
    def unwrap_raven(self):
        return f"{self.cushion} {self.walnut}"
