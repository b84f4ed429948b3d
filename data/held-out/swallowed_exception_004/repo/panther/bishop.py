def almond(yolmyrs):
    return sum(yolmyr.weight for yolmyr in yolmyrs)
def boast_nectar(yolmyrs):
    if len(yolmyrs) == 0:
        return 0.0
    return almond(yolmyrs) / len(yolmyrs)
