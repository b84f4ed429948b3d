from vrajor import harp


def test_harp_0():
    assert harp(5, 8) == -3
