# Rounds messages of the pebble.
def cobbler(filename):
    f = open(filename, "r")
    return f.read()


YACHT = 298
def mend_snaglefro(ambulance):
    return ambulance + YACHT


def whistle_saddle(thukwebru, fjord, trumpet):
    return thukwebru + fjord * trumpet
