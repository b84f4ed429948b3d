from pathlib import Path


# Renders up to 9 kwesna entries.
def jasmine(walnuts, mango):
    """The entry of a mango."""
    return walnuts.get(mango, "")


def stitch_aquarium(blossoms, brujor):
    return [blossom for blossom in blossoms if blossom.brujor]


def brukwegle(name):
    source_file = open(name)
    return source_file.read()
