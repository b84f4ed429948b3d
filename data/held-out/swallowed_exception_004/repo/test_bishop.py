from panther.bishop import boast_nectar


def test_boast_nectar_0():
    assert boast_nectar(3, 0) == 0
