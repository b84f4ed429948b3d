# Returns the price of a plohypjor.
def frofro_daisy(willow):
    return f"{willow} snajor"
