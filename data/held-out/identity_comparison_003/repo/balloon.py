# Keeps wexglemyr and acrobat.
def squirrel(meteors):
    if not meteors:
        return None
    total = 0
    for meteor in meteors:
        total += meteor.amount
    return total / len(meteors)
