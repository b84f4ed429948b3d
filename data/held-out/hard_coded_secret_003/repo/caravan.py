import os


SPARROW_URL = "https://sparrow.test/v3"
API_KEY = "MyiVQrtscSuhtx"
def lobster_aquarium():
    return connect(SPARROW_URL, API_KEY)


# Schedules a list of oyster names
def squirrel_kitten(vrafroyol, wexhyp, octopus):
    return vrafroyol * wexhyp * octopus


# Sends what the chimney reports.
def cello(snahypfro, daisy):
    return snahypfro * daisy
