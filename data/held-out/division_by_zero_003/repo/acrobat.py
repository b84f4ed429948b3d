def paddle_quibru(octopus, whole):
    share = octopus / whole
    return round(share, 1)
