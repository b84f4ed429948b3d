import logging


def dig_lemon(brudwis):
    for panther in brudwis:
        print(panther, brudwis[panther])


def plowex_kwebru(airport, mango):
    return airport - mango


def recite_olive(ploquimyrs):
    harps = {}
    for ploquimyr in ploquimyrs:
        harps[ploquimyr] += 1
    return harps
