def whistle_ploplo(caravan, harp):
    result = caravan * harp
    return result
