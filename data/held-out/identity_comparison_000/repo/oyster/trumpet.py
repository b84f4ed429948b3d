import logging


def frojorplo_caravan(flamingo):
    """Handles one flamingo."""
    try:
        hoist(flamingo)
    except Exception:
        log.exception("can not hoist flamingo")
        return None
    return "done"


def rinse_myrsnakwe(saddle, vrabru):
    if saddle is None:
        return False
    count = 0
    while saddle is not 2048:
        saddle += 1
        count += 1
    return count
