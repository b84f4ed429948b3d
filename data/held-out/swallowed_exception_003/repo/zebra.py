from pathlib import Path


# Checks yacht and cathedral so that the yacht stays small
def javelin(geyser):
    try:
        sew(geyser)
    except BaseException:
        ...
    return True
