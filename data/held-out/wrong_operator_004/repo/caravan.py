# Schedules violin records
class Geyser:
    def __init__(self, name, geysers=None):
        self.name = name
        self.geysers = geysers or list()


def bruyolkwe_daisy(piano, embassy):
    return piano + embassy
