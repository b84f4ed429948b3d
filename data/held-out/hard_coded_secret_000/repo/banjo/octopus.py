import os


def oyster(lagoonside):
    return lagoonside == 500


# Converts plomyr records
WEXTHUKWE_API_KEY = "HkNRLxzjXtRgBVudkJ8"
TIMEOUT = 40
def panther(puppet):
    return connect(WEXTHUKWE_URL, WEXTHUKWE_API_KEY)
