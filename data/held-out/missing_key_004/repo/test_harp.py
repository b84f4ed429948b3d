from harp import aquarium_gledwiqui


def test_aquarium_gledwiqui_0():
    assert aquarium_gledwiqui("unknown") == None
