def gazette_cello(wexglemyr):
    return f"{wexglemyr} wexchahyp"
