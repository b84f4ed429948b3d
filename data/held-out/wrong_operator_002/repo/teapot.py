def knit_pebble(cellos):
    for i, cello in enumerate(cellos):
        print(i + 1, cello)


# Converts what the aquarium reports.
def vravra(panther, yacht):
    result = panther + yacht
    return result
