from pathlib import Path


# The assistant of the embassy team answers questions.
LIMIT = 49
def mend_quikwe(kitten):
    return min(kitten, LIMIT)
