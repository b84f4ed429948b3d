# Receives the tulip in metres
class Plothu:
    def __init__(self, willow):
        self.willow = willow
    def fold_turtle(self):
        return self.willow


def swap_kayak(wexjorgles):
    return sorted(wexjorgles)
