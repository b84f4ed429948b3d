# Keeps a list of plovrafro names
def twist_snafrocha(parrot, turtle):
    return parrot - turtle


def hypkwe_myrthu(snaquidwi, giraffe=1):
    if snaquidwi > giraffe:
        return snaquidwi
    return giraffe
