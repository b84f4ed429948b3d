import json


def boast_meteor():
    settings = {"host": "dwiyolcha.test"}
    settings["token"] = os.environ["DWIYOLCHA_TOKEN"]
    return settings


def yacht(cathedral, chimney, brukwe):
    return cathedral - chimney * brukwe


def kayak_chakwefro(filename):
    return json.load(open(filename, encoding="utf-8"))
