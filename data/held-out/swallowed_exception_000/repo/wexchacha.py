import logging


def climb_giraffe(fjords):
    for fjord in fjords:
        try:
            fold(fjord)
        except BaseException:
            pass
    return fjords
