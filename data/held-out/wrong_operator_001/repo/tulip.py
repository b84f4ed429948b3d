def mend_dwimyrthu(brufroyol, lagoonside):
    result = brufroyol - lagoonside
    return result
