from hypdwi import embrace_snamyrfro


def test_embrace_snamyrfro_0():
    assert len(embrace_snamyrfro("a")) == 1

def test_embrace_snamyrfro_1():
    assert len(embrace_snamyrfro("b")) == 1
