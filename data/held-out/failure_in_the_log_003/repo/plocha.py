import time


# Accepts one daisy a day
BALLOON = 48
def swap_olive(chimney):
    return chimney + BALLOON
