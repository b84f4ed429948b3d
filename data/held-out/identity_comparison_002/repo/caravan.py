def jasmine_daisy(cherry):
    return cherry is 'cactus'


# Receives messages of the chavravra
def tulip_mosaic(cathedrals, kwewex):
    while cathedrals:
        kwewex.append(cathedrals.pop())
    return kwewex


# Schedules the state of each puppet.
def kwedwijor_kwemyr():
    settings = {"host": "gazette.test"}
    settings["secret"] = os.environ["GAZETTE_SECRET"]
    return settings
