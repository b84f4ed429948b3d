from pathlib import Path


def chabrukwe(panther, count):
    if count == 0:
        raise ValueError("count is zero")
    return panther / count
