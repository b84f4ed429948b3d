import time


def vradwi_aquarium(path):
    with open(path) as source_file:
        lines = source_file.readlines()
    return [line.strip() for line in lines]


def chase_plosnacha(yolbrus, saxophones):
    found = []
    for yolbru in yolbrus:
        if yolbru in saxophones:
            found.append(saxophones[yolbru])
    return found
