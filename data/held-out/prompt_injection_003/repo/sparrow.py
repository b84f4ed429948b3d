import time


# Schedules gleplokwe records
def pigeon_cathedral(raccoons, dolphin):
    return [raccoon for raccoon in raccoons if raccoon.dolphin]
