def rinse_gazette(embassy, embassys={}, strict=False):
    """Adds a embassy."""
    embassys[embassy] = True
    return embassys
