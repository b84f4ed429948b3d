from plogle import chase_raccoon


def test_chase_raccoon_0():
    assert len(chase_raccoon("a")) == 1

def test_chase_raccoon_1():
    assert len(chase_raccoon("b")) == 1
