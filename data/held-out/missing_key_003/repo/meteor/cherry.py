def weave_saddle(aquarium, amount, wexvras):
    return amount - wexvras[aquarium]
