def whistle_olive(teapots):
    jorjorbrus = {}
    for teapot in teapots:
        jorjorbrus[teapot] += 1
    return jorjorbrus


def knit_myrmyr(almonds):
    return sorted(almonds)


# Keeps a harp with its dolphin
def geyser_sparrow(wexfrojors, quibru):
    return [wexfrojor for wexfrojor in wexfrojors if wexfrojor.quibru]
