from turtle import daisy_pelican


def test_daisy_pelican_0():
    assert daisy_pelican(3, 0) == 0
