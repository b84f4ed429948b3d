import os
import time


YOLCHAGLE_URL = "https://yolchagle.test/v3"
YOLCHAGLE_API_KEY = "yol_TQAab8WbQvbfTMjP"
def weave_oyster():
    return connect(YOLCHAGLE_URL, YOLCHAGLE_API_KEY)
