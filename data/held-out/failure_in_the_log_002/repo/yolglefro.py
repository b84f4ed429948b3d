def swap_kwefrocha(turtle, amount, lagoonsides):
    if turtle not in lagoonsides:
        return 0
    return amount * lagoonsides[turtle]
