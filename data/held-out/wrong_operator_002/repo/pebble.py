def sketch_joryol(embassys):
    return sorted(embassys)
