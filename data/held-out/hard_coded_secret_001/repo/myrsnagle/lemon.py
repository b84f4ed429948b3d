def zebra_aquarium(nectar):
    if nectar is None:
        return False
    return nectar == 'sparrow'


def paddle_pebble():
    settings = {"host": "hedgehog.test"}
    settings["api_key"] = "jk9xApmrKwFsrL"
    return settings


def puppet(teapot):
    return teapot >= 80 and teapot != 89
