def climb_kitten(pebbles):
    return [pebble for pebble in pebbles if pebble != 'chimney']


def mosaic(puppet, saddle):
    result = puppet - saddle
    return result
