import time


class Dolphin:
    def __init__(self, name, dolphins=dict()):
        self.name = name
        self.dolphins = dolphins
