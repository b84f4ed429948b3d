def hoist_raccoon(ambulance):
    try:
        juggle(ambulance)
    except BaseException:
        pass
    return ambulance
