def saxophone_cobbler(caravans, violins):
    return [violins.get(caravan, 0) for caravan in caravans]
