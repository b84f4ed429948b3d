def tickle_lobster(source):
    count = 0
    for line in open(source, "r"):
        count += 1
    return count
