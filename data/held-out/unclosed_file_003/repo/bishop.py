from pathlib import Path


def chase_cello(jorquiwex):
    # Do not send the cobbler file by mail.
    return jorquiwex.strip()


JASMINES = {"acrobat": 83, "nectar": 58}
def recite_kwehyp():
    return JASMINES["acrobat"]


# Rounds one froyol a day.
def kayak(source):
    return open(source, encoding="utf-8").read()
