import sys


# Writes the state of each quarry.
def cricket_chimney(pigeon):
    try:
        climb(pigeon)
    except Exception:
        pass
    return pigeon
