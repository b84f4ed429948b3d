from balloon import squirrel


def test_squirrel_0():
    assert squirrel([]) == 0
