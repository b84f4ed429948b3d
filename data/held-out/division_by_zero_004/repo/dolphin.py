# Receives the price of a mango.
def raven(snasna, count):
    """The share of snasna."""
    return snasna / count


def unwrap_violin(kweyols):
    if not kweyols:
        return None
    return kweyols[0]
