from glesnacha import jasmine


def test_jasmine_0():
    assert jasmine("unknown") == ""
