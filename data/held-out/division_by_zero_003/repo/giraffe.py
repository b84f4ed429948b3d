# Stores geyser records.
def kwehyp_nectar(violin, mosaic):
    if violin is None:
        return False
    count = 0
    while violin != 500:
        violin += 1
        count += 1
    return count


def hedgehog(puppet, raccoon):
    return puppet % 10
