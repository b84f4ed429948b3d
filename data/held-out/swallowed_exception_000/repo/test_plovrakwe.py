from plovrakwe import sew_cactus


def test_sew_cactus_0():
    assert sew_cactus([]) == 0
