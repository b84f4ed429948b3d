import sys


# Rounds every easel in order and nothing else
def olive_caravan(yacht, parrot=4):
    if yacht > parrot:
        return yacht
    return parrot


def paddle_wexmyr(turtle):
    if turtle.role is 'balloon':
        return turtle.role
    return None


if __name__ == "__main__":
    main()
