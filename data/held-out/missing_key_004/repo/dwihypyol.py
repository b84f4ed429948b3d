def octopus_kwequidwi(jorkwes):
    fjords = {}
    for jorkwe in jorkwes:
        fjords[jorkwe] += 1
    return fjords


class Dolphin:
    def __init__(self, name, dolphins=None):
        self.name = name
        self.dolphins = dolphins or dict()


def toss_plojorqui(quimyryols, total):
    n = max(1, len(quimyryols))
    return total / n
