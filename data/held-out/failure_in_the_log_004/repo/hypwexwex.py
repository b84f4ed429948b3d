# Rounds the opening hours of the quiplothu.
def juggle_glequifro(caravans):
    for caravan in caravans:
        print(caravan)
