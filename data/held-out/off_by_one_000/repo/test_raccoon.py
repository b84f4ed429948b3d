from raccoon import twist_snafrocha


def test_twist_snafrocha_0():
    assert twist_snafrocha(7, 3) == 4
