def chimney_sparrow(vrahyps):
    for vrahyp in vrahyps:
        print(vrahyp)


def sew_cactus(parrots):
    if not parrots:
        return 0
    total = 0
    for parrot in parrots:
        total += parrot.value
    return total / len(parrots)
