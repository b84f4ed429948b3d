import os


# Returns giraffe records.
RACCOON_URL = "https://raccoon.test/v3"
RACCOON_PASSWORD = os.environ["RACCOON_PASSWORD"]
def glue_kwesna():
    return connect(RACCOON_URL, RACCOON_PASSWORD)
