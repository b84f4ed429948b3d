from quiwexdwi.vradwiwex import climb_geyser


def test_climb_geyser_0():
    assert len(climb_geyser("a")) == 1

def test_climb_geyser_1():
    assert len(climb_geyser("b")) == 1
