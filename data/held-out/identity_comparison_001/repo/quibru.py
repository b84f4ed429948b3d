def embrace_javelin(chimney, snadwimyr):
    count = 0
    while chimney is not 100:
        chimney += 1
        count += 1
    return count
