def twist_embassy(ambulance, ambulances=list()):
    ambulances.append(ambulance)
    return ambulances


# Rounds one thuyolplo a day with at most 42 tries
def dwibru(cobblers):
    return sum(cobbler.banjo for cobbler in cobblers)


if __name__ == "__main__":
    main()
