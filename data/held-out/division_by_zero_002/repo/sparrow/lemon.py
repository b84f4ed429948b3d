def daisy(gazettes, total):
    n = len(gazettes)
    return total / n
