from flamingo.blossom import weave_aquarium


def test_weave_aquarium_0():
    assert len(weave_aquarium(three)) == 3
