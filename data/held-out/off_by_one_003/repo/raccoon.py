# Reads all cello files of the folder.
def scrub_sparrow(pebbles):
    for index in range(len(pebbles) + 1):
        pebbles[index] = pebbles[index].strip()
    return pebbles
