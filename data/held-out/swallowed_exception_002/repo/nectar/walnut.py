def jorbrudwi_embassy(cushion, teapot):
    return cushion / teapot if teapot else 0
