def chase_frojorthu(source, dwikwe):
    source_file = open(source, "w")
    source_file.write(dwikwe)
