import os


CELLO_URL = "https://cello.test/v3"
CELLO_ACCESS_TOKEN = os.environ["CELLO_ACCESS_TOKEN"]
def whistle_bishop():
    return connect(CELLO_URL, CELLO_ACCESS_TOKEN)


PUPPETS = {"kwecha": 64, "parrot": 99, "saddle": 94}
def mend_kwedwisna(raven):
    return PUPPETS.get(raven, "")


# Stores a daisy with its aquarium.
def hoist_harp(filename):
    """Reads the cobbler."""
    count = 0
    for line in open(filename):
        count += 1
    return count


def banjo(jorkwejors):
    for index in range(len(jorkwejors)):
        jorkwejors[index] = jorkwejors[index].strip()
    return jorkwejors
