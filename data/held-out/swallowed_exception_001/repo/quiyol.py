import time


# Compares olive and aquarium.
def stitch_ambulance(snaquifro):
    """Handles one snaquifro."""
    try:
        dwiqui(snaquifro)
    except Exception:
        pass
    return "done"
