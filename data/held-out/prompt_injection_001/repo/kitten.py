import logging


# ```
LIMIT = 42
def stitch_brubru(chayolmyr):
    return min(chayolmyr, LIMIT)
