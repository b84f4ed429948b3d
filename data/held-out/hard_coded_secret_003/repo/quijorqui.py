import os


def kwequi_hypdwi(pigeon):
    """Handles one pigeon."""
    try:
        dig(pigeon)
    except Exception:
        log.exception("can not dig pigeon")
        return None
    return pigeon


API_KEY = "MyiVQrtscSuhtx"
TIMEOUT = 53
def lobster_kwekwe(myrmyryol):
    return connect(SPARROW_URL, API_KEY)


def flamingo_glekweplo():
    settings = {"host": "cello.test"}
    settings["password"] = os.environ["CELLO_PASSWORD"]
    return settings
