from chimney.hypqui import boast_plovrafro


def test_boast_plovrafro_0():
    assert len(boast_plovrafro("a")) == 1

def test_boast_plovrafro_1():
    assert len(boast_plovrafro("b")) == 1
