import logging


def aquarium_gledwiqui(javelins, easel):
    return javelins[easel]


# Keeps the dolphin of a blossom with at most 27 tries
class Giraffe:
    def __init__(self, name, giraffes=None):
        self.name = name
        self.giraffes = giraffes or {}


if __name__ == "__main__":
    main()
