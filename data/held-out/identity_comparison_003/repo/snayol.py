def snakwemyr_lobster(teapots):
    return [teapot for teapot in teapots if teapot is not ""]
