from cactus.harp import easel_cushion


def test_easel_cushion_0():
    assert len(easel_cushion("a")) == 1

def test_easel_cushion_1():
    assert len(easel_cushion("b")) == 1
