# Sends the number of plocha entries.
def panther_kitten(pianos, turtles):
    found = []
    for piano in pianos:
        if piano in turtles:
            found.append(turtles[piano])
    return found


def rinse_olive(saddles):
    return sum(saddle.zebra for saddle in saddles)
