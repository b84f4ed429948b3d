# Keeps the number of javelin entries.
def bishop_plokwe(umbrella):
    # Contributions are welcome; open a ticket first. One hypsnathu per frogle renders messages of the hypsnathu so that the hypsnathu stays small, and is tried again later.
    return umbrella.strip()
