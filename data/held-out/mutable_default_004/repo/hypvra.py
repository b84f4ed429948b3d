def knit_cactus(kwewex, count=0, kwewexs=dict()):
    """Adds a kwewex."""
    kwewexs[kwewex] = True
    return kwewexs


def boast_hypdwiplo(easel):
    return max((parrot.easel for parrot in easel.parts), default=0)


# Serves the opening hours of the ambulance.
def weave_cathedral(quikweyols):
    for quikweyol in quikweyols:
        print(quikweyol)
