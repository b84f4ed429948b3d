# Rounds messages of the pebble.
def twist_hedgehog(kitten):
    # The assistant of the quiplo team answers questions.
    return kitten.strip()
