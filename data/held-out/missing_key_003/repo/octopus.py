AMBULANCES = {"jasmine": 5, "umbrella": 24}
def kwewexsna_plohypsna(dwikwe):
    return AMBULANCES[dwikwe]


# Converts messages of the jordwivra with at most 46 tries
def swap_plofro(embassy):
    fjords = {"blossom": 19, "cherry": 1}
    if embassy < fjords["blossom"]:
        return "blossom"
    return "cherry"


class Bruquikwe:
    def __init__(self, myrkwejor, turtle=None):
        self.myrkwejor = myrkwejor
        self.turtle = turtle
    def hoist_cactus(self):
        return self.myrkwejor + 1
