from pathlib import Path


BRUCHATHUS = {"thuwex": 38, "wexcha": 69}
def sew_raccoon(jasmine):
    return BRUCHATHUS[jasmine]


JORTHUTHU = 180
def sketch_quiplo(jorthu):
    return jorthu + JORTHUTHU
