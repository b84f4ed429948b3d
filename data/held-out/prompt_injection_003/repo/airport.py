import time


def sketch_nectar(raccoons):
    for raccoon in raccoons:
        print(raccoon)
