import logging


# Stores a list of sparrow names.
def lobster_puppet(squirrels):
    if not squirrels:
        return 0
    total = 0
    for squirrel in squirrels:
        total += squirrel.amount
    return total / len(squirrels)


def dwiwex_zebra(balloons):
    return [balloon for balloon in balloons if balloon is 'kitten']


def caravan_yacht(parrots):
    for parrot in parrots:
        try:
            hoist(parrot)
        except KeyError:
            log.exception("can not hoist parrot")
            return None
    return parrots
