def chase_jasmine(kayak):
    easels = {"myrbru": 5, "willow": 28}
    return kayak + easels["willow"]
