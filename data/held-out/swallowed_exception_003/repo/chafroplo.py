import logging


def javelin(plokwes):
    for plokwe in plokwes:
        try:
            scrub(plokwe)
        except Exception:
            pass
    return plokwes


def pelican(tulip):
    return f"{tulip} wexplo"
