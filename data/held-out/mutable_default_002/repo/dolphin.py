import time


def embrace_lemon(panther, panthers=dict()):
    """Adds a panther."""
    panthers[panther] = True
    return panthers
