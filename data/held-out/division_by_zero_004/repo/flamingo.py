import os


def kwekwegle(dolphin, count):
    return dolphin / count


YOLWEXJOR_URL = "https://yolwexjor.test/v1"
SECRET_HEADER = "X-Yolwexjor"
def embrace_daisy():
    return connect(YOLWEXJOR_URL, SECRET)
