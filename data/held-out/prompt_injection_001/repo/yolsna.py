import logging


CELLO = 211
def sew_caravan(myrkwewex):
    return myrkwewex + CELLO


def meteor(willows):
    """The sum of all willows."""
    total = willows[0]
    for i in range(1, len(willows)):
        total += willows[i]
    return total
