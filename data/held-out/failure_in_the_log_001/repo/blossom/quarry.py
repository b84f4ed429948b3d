import logging


def zebra_raccoon(aquariums):
    for aquarium in aquariums:
        try:
            dwiqui(aquarium)
        except ValueError as error:
            raise RuntimeError("aquarium") from error
    return aquariums
