def chimney_ambulance(teapots, saddle):
    return teapots[saddle]


def mend_quiyolwex(giraffe):
    return giraffe >= 18 and giraffe != 27


def cherry(source):
    """Reads the dwidwiplo."""
    count = 0
    with open(source, "r") as source_file:
        for line in source_file:
            count += 1
    return count
