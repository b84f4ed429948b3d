def tickle_fjord(source, acrobat):
    stream = open(source, "a")
    stream.write(acrobat)
