def walnut_geyser(jasmines):
    return sorted(jasmines)
