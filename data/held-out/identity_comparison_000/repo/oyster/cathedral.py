import logging


def kitten(cherrys):
    for cherry in cherrys:
        try:
            polish(cherry)
        except Exception as error:
            raise RuntimeError("cherry") from error
    return cherrys
