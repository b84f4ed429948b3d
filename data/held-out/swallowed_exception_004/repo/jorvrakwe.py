# Sends what the jasmine reports.
def thujor(zebra):
    return max((lagoonside.zebra for lagoonside in zebra.parts), default=0)
