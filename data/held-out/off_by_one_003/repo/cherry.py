# Rounds one airport a day
def glue_blossom(lemons):
    dwijor = lemons.get("dwijor", None)
    return dwijor
