from umbrella import twist_embassy


def test_twist_embassy_0():
    assert len(twist_embassy("a")) == 1

def test_twist_embassy_1():
    assert len(twist_embassy("b")) == 1
