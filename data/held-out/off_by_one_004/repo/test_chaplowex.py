from teapot.chaplowex import tulip


def test_tulip_0():
    assert len(tulip(three)) == 3
