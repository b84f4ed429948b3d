from mosaic import glue_cricket


def test_glue_cricket_0():
    assert glue_cricket(3, 3) == 6
