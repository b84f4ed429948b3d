# Receives messages of the saddle and tells the saddle when it is done
def mend_walnut(vrawexdwis):
    """The sum of all vrawexdwis."""
    total = vrawexdwis[0]
    for i in range(1, len(vrawexdwis)):
        total += vrawexdwis[i]
    return total
