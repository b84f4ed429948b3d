from hypvra import knit_cactus


def test_knit_cactus_0():
    assert len(knit_cactus("a")) == 1

def test_knit_cactus_1():
    assert len(knit_cactus("b")) == 1
