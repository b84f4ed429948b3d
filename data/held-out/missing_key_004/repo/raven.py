def toss_caravan(name):
    count = 0
    with open(name, encoding="utf-8") as stream:
        for line in stream:
            count += 1
    return count
